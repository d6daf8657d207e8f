"""Our shard with a part of what it does, to see what each part costs.

`python -m benchmarks.shard_variant latency|everything on|off` runs until SIGTERM; `latency` is latency and errors alone (and
the ledger, without which nothing is proved), `on|off` is recovery. `tidegauge run` itself is `everything on`; what is the
same is wired the same, in `cli/shard_process.py`.
"""

import gc
import sys
from pathlib import Path

import structlog
from bytewax._bytewax import run_main
from bytewax.dataflow import Dataflow

from cli.logs import set_up
from cli.settings import Settings, settings
from cli.shard_process import connect
from cli.signals import stopped_by_signals
from pipelines.dataflow import Outlet, run_flow, shard_flow
from pipelines.errors import ERRORS
from pipelines.facts import Facts
from pipelines.flush import Flush
from pipelines.ledger import LEDGER
from pipelines.observe import by_operation
from pipelines.operations import OPERATIONS
from pipelines.rollup import Rollup
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.shard import Shard, ShardConfig
from pipelines.source import KafkaSource, SourceConfig, SourceHooks, part_name
from schemas.catalog import CATALOG
from sinks.health import HealthServer
from sinks.prometheus import Exporter, registry
from sinks.writer import Writer, WriterState

log = structlog.get_logger(__name__)

PART = part_name(0, 1)
MEASURES: dict[str, tuple[tuple[Rollup, ...], tuple[Facts, ...]]] = {
    "latency": ((OPERATIONS, ERRORS, LEDGER), ()),
    "everything": (ROLLUPS, FACTS),
}


def main(measures: str, recovery: str) -> None:
    """Run the shard of one process until a signal."""
    set_up("json")
    config = settings()
    rollups, facts = MEASURES[measures]
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
    state = WriterState()
    exporter = Exporter(CATALOG, state)
    health = HealthServer(config.metrics_host, config.metrics_port, registry(exporter), lambda: None)
    with stopped_by_signals() as stopping:
        writer = Writer(lambda: connect(config), state, stopping)
        source = KafkaSource(_source(config), SourceHooks(stopping, exporter.observe_lag))
        shard = ShardConfig(config.data_dir / "ids")
        flow = shard_flow(PART, source, lambda: Shard(shard, rollups, facts), _outlet(writer, exporter))
        health.start()
        _run(flow, config, config.data_dir / "bytewax" if recovery == "on" else None)
        health.close()
    log.info("stored")


def _outlet(writer: Writer, exporter: Exporter) -> Outlet:
    def write(flush: Flush) -> None:
        exporter.observe_verdicts(flush.verdicts, flush.received)
        for key, count, outcomes, errors, durations in by_operation(flush.accepted):
            exporter.observe_operation(key, count, outcomes, errors, durations)
        writer.write([(rows.table, rows.data) for rows in flush.rows])

    return Outlet(write, writer.drain, writer.close)


def _source(config: Settings) -> SourceConfig:
    return SourceConfig(config.kafka_bootstrap_servers, config.events_topic, config.consumer_group)


def _run(flow: Dataflow, config: Settings, store: Path | None) -> None:
    if store is not None:
        run_flow(flow, PART, store, config.snapshot_interval)
    else:
        run_main(flow, epoch_interval=config.snapshot_interval)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
