"""One shard as a process: puts source, shard, sinks and the metrics page together and runs them until a signal."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from cli.memory import tame_memory
from cli.person_ids import person_ids
from cli.settings import Settings
from cli.signals import stopped_by_signals
from pipelines.columns import floats, length
from pipelines.dataflow import Outlet, run_flow, shard_flow
from pipelines.flush import Flush
from pipelines.observe import by_operation
from pipelines.positions import Gap, SourceError
from pipelines.pseudonyms import PlainIds
from pipelines.reject_limit import RejectLimit
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.shard import Shard, ShardConfig
from pipelines.shard_folder import ShardFolder
from pipelines.source import KafkaSource, SourceConfig, SourceHooks, part_name
from pipelines.verdict import TimeRules
from schemas.catalog import CATALOG
from sinks.clickhouse import ClickHouse, StoreAwayError
from sinks.dead_letter import DeadLetterTopic
from sinks.gaps import TABLE, gap_rows
from sinks.gate import Gate
from sinks.health import HealthServer
from sinks.prometheus import Exporter, registry
from sinks.writer import Writer, WriterState

log = structlog.get_logger(__name__)

AWAY_LIMIT_SECONDS = 5.0
"""For how long the store may be away before /readyz says so."""


def connect(settings: Settings, database: str | None = None, **options: Any) -> ClickHouse:
    """Open the door to ClickHouse that the settings name; `options` are those of `ClickHouse`."""
    return ClickHouse(
        settings.clickhouse_url,
        settings.clickhouse_user,
        settings.clickhouse_secret(),
        database or settings.database,
        tls=settings.clickhouse_tls(),
        cluster=settings.clickhouse_cluster,
        **options,
    )


@dataclass(frozen=True, slots=True)
class Start:
    """What a start is told about the topic; see `tidegauge run --help`."""

    log_id: str = ""
    accept_loss: bool = False


def run_shard(settings: Settings, shard: int, shards: int, start: Start) -> None:
    """Run one shard until SIGTERM or SIGINT, with an exact stop.

    Raises:
        ShardFolderError, SourceError, StoreRefusedError, KeyChangedError, PseudonymKeyError, OSError: with a message that
            says what to do.
    """
    failures: list[SourceError] = []
    ids, part = person_ids(settings), part_name(shard, shards)
    with (
        ShardFolder(settings.data_dir, shard, shards) as folder,
        stopped_by_signals() as stopping,
        _gate(settings, part, ids.fingerprint, stopping) as gate,
    ):
        tame_memory()
        state = WriterState()
        exporter = Exporter(CATALOG, state, folder.path, shards)
        health = HealthServer(
            settings.metrics_host, settings.shard_metrics_port(shard), registry(exporter), lambda: _problem(state)
        )
        outlet = _outlet(settings, exporter, state, stopping, gate)
        source = KafkaSource(
            _source_config(settings, shard, shards, start),
            SourceHooks(
                stopping,
                exporter.observe_lag,
                on_failure=failures.append,
                on_gaps=lambda gaps: _keep_gaps(settings, exporter, stopping, gaps),
            ),
        )
        config = _shard_config(settings, folder.ids, ids)
        flow = shard_flow(part, source, lambda: Shard(config, ROLLUPS, FACTS), outlet)
        health.start()
        log.info("shard runs", shard=part, metrics=f"{settings.metrics_host}:{health.port}")
        try:
            run_flow(flow, part, folder.store, settings.snapshot_interval)
        finally:
            health.close()
        if failures:
            raise failures[0]
        log.info("shard stopped; everything read is stored", shard=part)


@contextmanager
def _gate(settings: Settings, part: str, fingerprint: str, stopping: threading.Event) -> Iterator[Gate]:
    """Open the gate that keeps erased persons out, and keep its list fresh."""
    # Named for its folder, too: a second pipeline may read the same topic, and an erasure must wait for both.
    reader = f"{settings.events_topic} {part} of {socket.gethostname()}:{settings.data_dir.resolve()}"
    gate = Gate(connect(settings), reader, fingerprint)
    # Where the store is away, the gate reads before it lets the first row through.
    with suppress(StoreAwayError):
        gate.read()
    threading.Thread(target=gate.keep_reading, args=(stopping,), name="erasures", daemon=True).start()
    try:
        yield gate
    finally:
        gate.close()


def _outlet(
    settings: Settings, exporter: Exporter, state: WriterState, stopping: threading.Event, gate: Gate
) -> Outlet:
    writer = Writer(lambda: connect(settings), state, stopping, gate.admitted)
    client: dict[str, str | int] = {"bootstrap.servers": settings.kafka_bootstrap_servers, **settings.kafka_client()}
    dead_letters = DeadLetterTopic(client, settings.rejected_topic, stopping)

    def write(flush: Flush) -> None:
        # Counters first: they must be fresh also where a store is slow or away, which is when people look at them.
        _observe(exporter, flush)
        if flush.dead_letters:
            dead_letters.send(flush.dead_letters)
        writer.write([(rows.table, rows.data) for rows in flush.rows])

    def close() -> None:
        writer.close()
        dead_letters.close()

    return Outlet(write, writer.drain, close)


def _keep_gaps(settings: Settings, exporter: Exporter, stopping: threading.Event, gaps: list[Gap]) -> None:
    """Store gaps before anything behind them is read."""
    writer = Writer(lambda: connect(settings), WriterState(), stopping)
    writer.write([(TABLE, gap_rows(gaps))])
    writer.close()
    exporter.observe_lost(sum(gap.end - gap.first for gap in gaps))


def _observe(exporter: Exporter, flush: Flush) -> None:
    exporter.observe_verdicts(flush.verdicts, flush.received)
    exporter.observe_reasons(Counter(letter.reason for letter in flush.dead_letters))
    exporter.observe_probes(flush.probes)
    for key, count, outcomes, errors, durations in by_operation(flush.accepted):
        exporter.observe_operation(key, count, outcomes, errors, durations)
    if length(flush.accepted):
        exporter.observe_ages(time.time() - floats(flush.accepted, "record_time") / 1000)
    if flush.newest_ms is not None:
        exporter.observe_event_lag(max(time.time() - flush.newest_ms / 1000, 0.0))


def _problem(state: WriterState) -> str | None:
    away = state.away_seconds()
    return f"ClickHouse has been away for {away:.0f} s; events wait in Kafka" if away > AWAY_LIMIT_SECONDS else None


def _source_config(settings: Settings, shard: int, shards: int, start: Start) -> SourceConfig:
    return SourceConfig(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        topic=settings.events_topic,
        group=settings.consumer_group,
        shard=shard,
        shards=shards,
        log_id=start.log_id,
        accept_loss=start.accept_loss,
        client=tuple(settings.kafka_client().items()),
    )


def _shard_config(settings: Settings, folder: Path, ids: PlainIds) -> ShardConfig:
    return ShardConfig(
        folder,
        _time_rules(settings),
        settings.max_event_bytes,
        settings.catalog_strict,
        ids,
        RejectLimit(settings.rejected_share_limit, settings.rejected_share_over),
    )


def _time_rules(settings: Settings) -> TimeRules:
    return TimeRules(settings.lateness, settings.max_ahead, settings.max_age, settings.dedup_horizon)
