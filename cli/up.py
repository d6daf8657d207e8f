"""`tidegauge up`: the local stack in the foreground."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import urlsplit

import typer

from cli.migrate import bring_up_to_date
from cli.settings import Settings, settings
from cli.signals import stopped_by_signals
from cli.terminal import err, fail, out, told
from local.broker import TopicMismatchError
from local.monitoring import Monitoring
from local.ports import PortTakenError
from local.processes import ChildFailedError
from local.secrets import local_key
from local.stack import Stack, StackConfig

PARTITIONS = 4
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def up(
    own_broker: Annotated[
        bool, typer.Option("--broker/--no-broker", help="Start the broker, or use one that runs.")
    ] = True,
    own_clickhouse: Annotated[
        bool, typer.Option("--clickhouse/--no-clickhouse", help="Start the ClickHouse endpoint, or use one that runs.")
    ] = True,
    monitoring: Annotated[
        bool,
        typer.Option(
            "--monitoring/--no-monitoring", help="Start Prometheus, Alertmanager and the exporter if they are there."
        ),
    ] = True,
) -> None:
    """Start broker, ClickHouse endpoint, pipeline, dashboards, Prometheus and Alertmanager, and stay until Ctrl-C.

    Prints a line that begins with `ready` when every part answers. Data stays in TIDEGAUGE_DATA_DIR; a second start goes on
    with it. Addresses that are not on this machine (TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS, TIDEGAUGE_CLICKHOUSE_URL) are used
    as they are, nothing is started for them. Prometheus and Alertmanager are started where their binaries are there; pages go
    to TIDEGAUGE_PAGER_URL, or are seen in Alertmanager.

    Examples:

      tidegauge up

      TIDEGAUGE_CLICKHOUSE_URL=http://127.0.0.1:8124 tidegauge up
    """
    config = settings()
    with told(), stopped_by_signals() as stop:
        with started_stack(
            config, stop, own_broker=own_broker, own_clickhouse=own_clickhouse, watched=monitoring
        ) as stack:
            parts = ", ".join(f"{name} {pid}" for name, pid in stack.pids().items())
            out.print(
                f"ready: Kafka {config.kafka_bootstrap_servers} · ClickHouse {config.clickhouse_url} (database "
                f"{config.database}) · metrics http://{config.metrics_host}:{config.metrics_port}/metrics · dashboards "
                f"http://127.0.0.1:{config.page_port}",
                soft_wrap=True,
            )
            err.print(
                f"[dim]processes: {parts}; logs in {config.data_dir}/logs; Ctrl-C stops everything[/]", soft_wrap=True
            )
            while not stop.wait(1.0):
                stack.watch()
        err.print("stopped; the data is kept, `tidegauge up` goes on with it")


@contextmanager
def started_stack(
    config: Settings,
    stop: threading.Event,
    *,
    own_broker: bool = True,
    own_clickhouse: bool = True,
    watched: bool = False,
) -> Iterator[Stack]:
    """Start the local stack that the settings describe, and stop it at the end; say each step."""
    made = _stack_config(config, own_broker, own_clickhouse, _monitoring(config) if watched else None)
    stack = Stack(made, lambda: bring_up_to_date(config), lambda text: err.print(f"[dim]{text}[/]", soft_wrap=True))
    try:
        with stack:
            yield stack
    except (PortTakenError, ChildFailedError, TopicMismatchError) as error:
        if stop.is_set():
            return
        fail(str(error))


def _monitoring(config: Settings) -> Monitoring:
    return Monitoring(
        folder=config.data_dir.resolve() / "monitoring",
        pipeline=f"{config.metrics_host}:{config.metrics_port}",
        exporter_port=config.exporter_port,
        prometheus_port=config.prometheus_port,
        alertmanager_port=config.alertmanager_port,
        pager=config.pager_url,
    )


def _stack_config(
    config: Settings, own_broker: bool, own_clickhouse: bool, monitoring: Monitoring | None
) -> StackConfig:
    kafka_host, _, kafka_port = config.kafka_bootstrap_servers.partition(":")
    clickhouse = urlsplit(config.clickhouse_url)
    return StackConfig(
        data_dir=config.data_dir,
        kafka_port=int(kafka_port or 9092) if own_broker and kafka_host in LOOPBACK else None,
        bootstrap=config.kafka_bootstrap_servers,
        clickhouse_port=(clickhouse.port or 8123) if own_clickhouse and clickhouse.hostname in LOOPBACK else None,
        metrics=f"http://{config.metrics_host}:{config.metrics_port}",
        topics={config.events_topic: PARTITIONS, config.rejected_topic: 1},
        events_topic=config.events_topic,
        page_port=config.page_port,
        environment=_own_key(config),
        monitoring=monitoring,
    )


def _own_key(config: Settings) -> dict[str, str]:
    """Let the pipeline use the local stack's own pseudonym key, unless the settings say something else."""
    if config.pseudonym_key_file or config.pseudonym_key.get_secret_value() or config.allow_plain_ids:
        return {}
    return {"TIDEGAUGE_PSEUDONYM_KEY_FILE": str(local_key(config.data_dir))}
