"""`tidegauge exporter`: business figures from ClickHouse as a Prometheus page."""

import threading
from pathlib import Path

import structlog

from cli.logs import set_up
from cli.settings import Settings, settings
from cli.signals import stopped_by_signals
from cli.terminal import fail, told
from sinks.clickhouse import ClickHouse
from sinks.figures import FigureFileError, Figures, read_figures
from sinks.health import HealthServer
from sinks.prometheus import FiguresPage, registry

log = structlog.get_logger(__name__)


def exporter() -> None:
    """Show the figures of sql/exporter/*.sql on a page for Prometheus, until Ctrl-C.

    Each file is asked again when its answer is older than it says, with a limit of time and without the right to write; scrapes
    get the last answers. A file that fails is shown as such (tidegauge_figures_failed) and holds up no other.

    Example:

      TIDEGAUGE_EXPORTER_USER=reader TIDEGAUGE_EXPORTER_PASSWORD_FILE=/run/secrets/reader tidegauge exporter
    """
    config = settings()
    set_up(config.log_format)
    with told(), stopped_by_signals() as stopping:
        try:
            figures = Figures(read_figures(), _store(config))
        except FigureFileError as error:
            fail(str(error))
        page = FiguresPage(figures, _certificates(config))
        server = HealthServer(config.metrics_host, config.exporter_port, registry(page), lambda: None)
        asking = threading.Thread(target=figures.keep_asking, args=(stopping,), name="figures", daemon=True)
        asking.start()
        server.start()
        log.info("exporter runs", metrics=f"{config.metrics_host}:{server.port}")
        stopping.wait()
        server.close()


def _store(config: Settings) -> ClickHouse:
    return ClickHouse(
        config.clickhouse_url,
        config.exporter_user or config.clickhouse_user,
        config.exporter_secret(),
        config.database,
        timeout=config.exporter_query_seconds + 5,
        server_settings={"max_execution_time": config.exporter_query_seconds},
        tls=config.clickhouse_tls(),
        cluster=config.clickhouse_cluster,
    )


def _certificates(config: Settings) -> list[Path]:
    """Name the certificates whose end is watched: those that the settings use themselves, and further ones."""
    own = (config.kafka_ca_file, config.kafka_cert_file, config.clickhouse_ca_file, config.clickhouse_cert_file)
    return [path for path in (*own, *config.certificate_files) if path is not None]
