"""The pipeline with one mechanism broken on purpose: `python -m tests.chaos.mutant NAME run …` is `tidegauge run …` otherwise.

Each mutation is one that somebody could make by mistake. A chaos run that does not turn red on it could not fail.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from confluent_kafka import TopicPartition

from cli.main import main
from pipelines import dataflow, positions, recovery_store, shard, shard_folder, source, topic, verdict, windows
from sinks import clickhouse, dead_letter, migrations, prometheus, writer

Mutation = Callable[[], None]
MUTATIONS: dict[str, Mutation] = {}


def mutation(break_it: Mutation) -> Mutation:
    """Register a mutation under its name."""
    MUTATIONS[break_it.__name__.replace("_", "-")] = break_it
    return break_it


def put(owner: Any, name: str, value: Any) -> None:
    """Put something in the place of a mechanism."""
    setattr(owner, name, value)


@mutation
def stale_snapshot() -> None:
    """The state is snapshotted one epoch late, so offsets and state are of different moments."""
    before: list[Any] = []
    right = dataflow.ShardLogic.snapshot

    def snapshot(self: dataflow.ShardLogic) -> Any:
        before.append(right(self))
        return before[-2] if len(before) > 1 else before[-1]

    put(dataflow.ShardLogic, "snapshot", snapshot)


@mutation
def windows_forgotten() -> None:
    """Open windows are not taken up at a start, so rows begin at zero again."""
    put(windows.Windows, "restore", lambda self, state: None)


@mutation
def increments() -> None:
    """Rows are what came since the last row, not the whole state of a window."""
    right = windows.Windows.take_changed

    def take_changed(self: windows.Windows) -> Any:
        rows = right(self)
        self._cells = {}
        return rows

    put(windows.Windows, "take_changed", take_changed)


@mutation
def generation_forgotten() -> None:
    """Remembered messageIds are not taken up at a start."""

    def restore(self: verdict.PartitionVerdict, state: dict[str, Any]) -> None:
        self.watermark = state["watermark"]

    put(verdict.PartitionVerdict, "restore", restore)


@mutation
def drain_does_not_wait() -> None:
    """A snapshot becomes durable before what it covers is stored."""
    put(dataflow.OutletPartition, "snapshot", lambda self: None)


@mutation
def failed_insert_is_dropped() -> None:
    """An insert that failed is not tried again."""
    right = clickhouse.ClickHouse.insert

    def insert(self: clickhouse.ClickHouse, table: str, rows: Any) -> None:
        with suppress(clickhouse.StoreAwayError):
            right(self, table, rows)

    put(clickhouse.ClickHouse, "insert", insert)


@mutation
def away_is_not_told() -> None:
    """`/readyz` never turns red."""
    put(writer.WriterState, "away_seconds", lambda self: 0.0)


@mutation
def letters_are_dropped() -> None:
    """What the dead-letter topic refuses is given up."""
    right = dead_letter.DeadLetterTopic._try

    def try_once(self: dead_letter.DeadLetterTopic, letters: Any) -> list[Any]:
        if right(self, letters):
            dead_letter.log.warning("dead letters refused, reading is paused")
        return []

    put(dead_letter.DeadLetterTopic, "_try", try_once)


@mutation
def one_watermark_for_all() -> None:
    """All partitions of a shard share the highest watermark, as a global one does."""
    right, highest = verdict.PartitionVerdict.judge, [verdict.NO_WATERMARK]

    def judge(self: verdict.PartitionVerdict, *arguments: Any) -> Any:
        self.watermark = max(self.watermark, highest[0])
        codes = right(self, *arguments)
        highest[0] = max(self.watermark, highest[0])
        return codes

    put(verdict.PartitionVerdict, "judge", judge)


@mutation
def future_moves_the_watermark() -> None:
    """An event that is rejected for its time in the future moves the watermark all the same."""
    right = verdict.PartitionVerdict.judge

    def judge(self: verdict.PartitionVerdict, ids: Any, times: Any, *others: Any) -> Any:
        codes = right(self, ids, times, *others)
        self.watermark = max(self.watermark, int(np.max(times, initial=self.watermark)))
        return codes

    put(verdict.PartitionVerdict, "judge", judge)


@mutation
def late_is_on_time() -> None:
    """Late events go into the windows of those that are on time, which may be closed."""
    right = shard._events

    def events(*arguments: Any) -> Any:
        made = right(*arguments)
        columns: Any = made.columns
        columns["late_block"] = np.zeros_like(columns["late_block"])
        return made

    put(shard, "_events", events)


@mutation
def loss_is_skipped() -> None:
    """Records that expired are passed over without a word."""
    right = positions.resumed

    def resumed(state: Any, there: Any, *, accept_loss: bool) -> Any:
        found, _ = right(state, there, accept_loss=True)
        return found, []

    put(source, "resumed", resumed)


@mutation
def topic_is_not_told_apart() -> None:
    """Nobody looks at the topic's id, and a log that ends too early is waited for."""
    put(source, "made_anew", lambda before, there: False)
    put(topic.TopicWatch, "_watch", lambda self: None)
    put(source.KafkaSourcePartition, "_check_ends", lambda self: None)
    put(source.KafkaSourcePartition, "_is_error", lambda self, message: message.error() is not None)


@mutation
def partitions_are_fixed() -> None:
    """Nobody looks for partitions that were added."""
    put(source.KafkaSourcePartition, "_heed_watch", lambda self: None)


@mutation
def starts_at_the_end() -> None:
    """A start takes the end of the log for the place to go on."""
    right = topic.described

    def resumed(state: Any, there: Any, *, accept_loss: bool) -> Any:
        found, gaps = positions.resumed(state, there, accept_loss=accept_loss)
        return {p: {**own, "next": max(own["next"], ends.get(p, 0))} for p, own in found.items()}, gaps

    ends: dict[int, int] = {}

    def described(consumer: Any, config: Any) -> Any:
        there = right(consumer, config)
        for partition in there.oldest:
            ends[partition] = consumer.get_watermark_offsets(TopicPartition(there.name, partition), timeout=10)[1]
        return there

    put(source, "described", described)
    put(source, "resumed", resumed)


@mutation
def gives_up_without_a_broker() -> None:
    """A broker that is away ends the reading."""
    away: list[str] = []

    def told(self: Any, error: Any) -> None:
        away.append(error.str())

    def heed(self: source.KafkaSourcePartition) -> None:
        if away:
            raise positions.SourceError(away[0])

    put(source._Complaints, "__call__", told)
    put(source.KafkaSourcePartition, "_heed_watch", heed)


@mutation
def no_lock() -> None:
    """Two processes may hold the folder of a shard."""
    put(shard_folder.ShardFolder, "_take_lock", lambda self: None)


@mutation
def store_is_trusted() -> None:
    """The recovery store is not looked over; what cannot be taken up is thrown away."""

    def check(store: Any, part: str) -> None:
        try:
            recovery_store.check(store, part)
        except recovery_store.RecoveryStoreError:
            for file in store.glob("*"):
                file.unlink()

    put(dataflow, "check", check)


@mutation
def no_reject_limit() -> None:
    """Whatever is rejected goes to the dead letters."""
    put(shard.Shard, "_heed_limit", lambda self, *arguments: None)


@mutation
def labels_without_bounds() -> None:
    """Every event name gets a label value of its own."""
    put(prometheus.LabelValues, "bounded", lambda self, value: value)
    put(prometheus, "SERIES_LIMIT", 1_000_000)


@mutation
def old_snapshots_are_forgotten() -> None:
    """A snapshot of an older version is taken for none."""
    right = shard.Shard.restore

    def restore(self: shard.Shard, state: Any) -> None:
        if state["version"] == shard.SNAPSHOT_VERSION:
            right(self, state)

    put(shard.Shard, "restore", restore)


@mutation
def applied_before_it_is() -> None:
    """A migration is noted as applied before it is."""
    right = migrations.run_file

    def run_file(database: Any, text: str) -> None:
        for migration in migrations.migrations():
            if migration.text == text:
                migrations._record(database, migration)
        right(database, text)

    put(migrations, "run_file", run_file)


if __name__ == "__main__":
    name = sys.argv.pop(1)
    MUTATIONS[name]()
    main()
