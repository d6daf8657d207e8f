"""The way out of Kafka: one consumer, whole micro-batches, offsets that Bytewax keeps together with the state.

Kafka's own group offsets decide nothing here; the durable position is committed to a group only for lag tools to see.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from operator import methodcaller
from typing import Any

import numpy as np
import structlog
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from numpy.typing import NDArray

from pipelines.microbatch import MicroBatch
from pipelines.positions import (
    STATE_VERSION,
    Gap,
    Position,
    SourceError,
    SourceState,
    made_anew,
    not_in_log,
    resumed,
)
from pipelines.topic import TopicWatch, client_settings, described

log = structlog.get_logger(__name__)

POLL_PIECE = 5_000
"""Messages asked of the client at once; small, so that a stop is noticed soon and memory stays flat."""
BEYOND_END_SECONDS = 5.0
"""For how long a log may end before the offset that is read next; a new leader may not know its end for a moment."""


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How events are read.

    Attributes:
        bootstrap_servers: Kafka brokers, host:port, comma-separated.
        topic: topic of the events.
        group: consumer group that durable offsets are committed to, for lag tools.
        shard: number of this shard.
        shards: how many there are; a partition belongs to shard (number modulo shards).
        log_id: name of the topic's incarnation. A changed one says that the topic was made anew: reading starts at its
            beginning and stream offsets go on counting.
        accept_loss: go on where records are gone that were not read; they become gaps.
        batch_size: most records in one step.
        batch_wait: longest wait for them.
        client: further settings of the Kafka client (security, tuning).
    """

    bootstrap_servers: str
    topic: str
    group: str
    shard: int = 0
    shards: int = 1
    log_id: str = ""
    accept_loss: bool = False
    batch_size: int = 20_000
    batch_wait: timedelta = timedelta(seconds=0.3)
    client: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class SourceHooks:
    """What the source tells the rest of the process.

    Attributes:
        stopping: when set, reading ends after the step in hand, with an exact stop.
        on_lag: called each second, by a thread of the source, with partition -> records that wait in Kafka.
        on_durable: called after a snapshot is known to be durable.
        on_failure: told why reading cannot go on; the flow then ends as at a stop, with state and offsets kept.
        on_gaps: told what is gone and was accepted, before anything behind it is read.
    """

    stopping: threading.Event
    on_lag: Callable[[dict[int, int]], None] = lambda lag: None
    on_durable: Callable[[], None] = lambda: None
    on_failure: Callable[[SourceError], None] = lambda error: None
    on_gaps: Callable[[list[Gap]], None] = lambda gaps: None


class KafkaSource(FixedPartitionedSource[tuple[str, list[MicroBatch]], SourceState | None]):
    """All partitions of one shard, as one part: `(shard, micro-batches)` a step, one micro-batch a partition."""

    def __init__(self, config: SourceConfig, hooks: SourceHooks) -> None:
        self._config = config
        self._hooks = hooks

    def list_parts(self) -> list[str]:
        """Name the one part."""
        return [part_name(self._config.shard, self._config.shards)]

    def build_part(
        self, step_id: str, for_part: str, resume_state: SourceState | None
    ) -> "KafkaSourcePartition | EndedPartition":
        """Start reading, from the state or from the beginning of the topic."""
        try:
            return KafkaSourcePartition(self._config, self._hooks, resume_state)
        except SourceError as error:
            self._hooks.on_failure(error)
            return EndedPartition(resume_state)


class EndedPartition(StatefulSourcePartition[tuple[str, list[MicroBatch]], SourceState | None]):
    """Stands in where reading cannot begin: ends at once and leaves the state as it was."""

    def __init__(self, state: SourceState | None) -> None:
        self._state = state

    def next_batch(self) -> Iterable[tuple[str, list[MicroBatch]]]:
        """End."""
        raise StopIteration

    def snapshot(self) -> SourceState | None:
        """Return the state that was found."""
        return self._state


class KafkaSourcePartition(StatefulSourcePartition[tuple[str, list[MicroBatch]], SourceState | None]):
    """Reads the partitions of a shard with one consumer."""

    def __init__(self, config: SourceConfig, hooks: SourceHooks, state: SourceState | None) -> None:
        self._config = config
        self._hooks = hooks
        self._part = part_name(config.shard, config.shards)
        self._consumer = Consumer(_consumer_settings(config))
        self._topic = described(self._consumer, config)
        self._positions, gaps = resumed(state, self._topic, accept_loss=config.accept_loss)
        if gaps:
            log.warning("records expired before they were read; the loss was accepted", gaps=gaps)
            hooks.on_gaps(gaps)
        self._snapshotted: dict[int, int] | None = None
        self._beyond_since: float | None = None
        self._consumer.assign(self._at_positions(self._positions))
        self._watch = TopicWatch(config, self._topic, lambda: list(self._positions), self._tell_lag)
        log.info("reading", topic=config.topic, part=self._part, positions=dict(self._positions))

    def next_batch(self) -> Iterable[tuple[str, list[MicroBatch]]]:
        """Give the next step's micro-batches; none when nothing came in `batch_wait`."""
        self._commit_durable()
        if self._hooks.stopping.is_set():
            raise StopIteration
        try:
            self._heed_watch()
            messages = self._poll()
            self._check_ends()
        except SourceError as error:
            self._hooks.on_failure(error)
            raise StopIteration from error
        batches = [self._micro_batch(p, list(own)) for p, own in _by_partition(messages)]
        return [(self._part, batches)] if batches else []

    def snapshot(self) -> SourceState:
        """Return where each partition is read on."""
        self._snapshotted = {p: position["next"] for p, position in self._positions.items()}
        return self._state()

    def _state(self) -> SourceState:
        positions: dict[int, Position] = {p: {**position} for p, position in self._positions.items()}
        return {
            "version": STATE_VERSION,
            "log_id": self._config.log_id,
            "topic_id": self._topic.id,
            "positions": positions,
        }

    def close(self) -> None:
        """Leave the broker."""
        self._watch.close()
        self._commit_durable()
        self._consumer.close()

    def _heed_watch(self) -> None:
        """Take in partitions that were added, and stop where the topic is another one than at the start."""
        if self._topic.id and self._watch.id != self._topic.id:
            made_anew(self._state(), replace(self._topic, id=self._watch.id))
        if added := sorted(self._watch.added - self._positions.keys()):
            log.warning("partitions were added to the topic and are read from now on", partitions=added)
            # From their beginning: what has expired there already stops the reading, and the next start names it.
            new: dict[int, Position] = {partition: {"next": 0, "base": 0} for partition in added}
            self._consumer.incremental_assign(self._at_positions(new))
            self._positions |= new

    def _poll(self) -> list[Message]:
        """Gather messages until there are enough or the wait is over."""
        messages: list[Message] = []
        deadline = time.monotonic() + self._config.batch_wait.total_seconds()
        while len(messages) < self._config.batch_size and not self._hooks.stopping.is_set():
            wait = deadline - time.monotonic()
            if wait <= 0:
                break
            piece = min(POLL_PIECE, self._config.batch_size - len(messages))
            messages += self._consumer.consume(piece, min(wait, 0.05))
        if any(map(methodcaller("error"), messages)):
            messages = [message for message in messages if not self._is_error(message)]
        return messages

    def _is_error(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return False
        if error.code() in (KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET):
            raise self._not_in_log(message.partition() or 0)
        if error.fatal() or error.code() in (
            KafkaError.UNKNOWN_TOPIC_OR_PART,
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
        ):
            raise SourceError(f"cannot read {self._config.topic}: {error.str()}")
        log.warning("kafka", error=error.str())
        return True

    def _check_ends(self) -> None:
        """Stop where a log ends before what is read next: not every broker answers such a fetch with an error."""
        beyond = [p for p, end in self._ends().items() if end < self._positions[p]["next"]]
        if not beyond:
            self._beyond_since = None
            return
        now = time.monotonic()
        if self._beyond_since is None:
            self._beyond_since = now
        if now - self._beyond_since >= BEYOND_END_SECONDS:
            raise self._not_in_log(beyond[0])

    def _not_in_log(self, partition: int) -> SourceError:
        position = self._positions.get(partition)
        return not_in_log(self._config.topic, partition, position["next"] if position else None)

    def _micro_batch(self, partition: int, messages: list[Message]) -> MicroBatch:
        position = self._positions[partition]
        offsets = _offsets(messages)
        position["next"] = int(offsets[-1]) + 1
        return MicroBatch(
            partition=partition,
            offsets=offsets + position["base"],
            record_times=np.array([message.timestamp()[1] for message in messages], dtype=np.int64),
            values=[message.value() or b"" for message in messages],
        )

    def _at_positions(self, positions: dict[int, Position]) -> list[TopicPartition]:
        return [TopicPartition(self._config.topic, p, position["next"]) for p, position in positions.items()]

    def _tell_lag(self, listed: dict[int, int]) -> None:
        # A step may wait long for its write, and what it last fetched grows old; the embedded broker lists ends too low.
        fetched = self._ends()
        ends = {p: max(end, fetched.get(p, 0)) for p, end in listed.items()}
        self._hooks.on_lag({p: max(end - self._positions[p]["next"], 0) for p, end in ends.items()})

    def _ends(self) -> dict[int, int]:
        """Give the ends of the logs as the last fetches told them."""
        ends = {}
        for partition in list(self._positions):
            _, end = self._consumer.get_watermark_offsets(TopicPartition(self._config.topic, partition), cached=True)
            if end >= 0:
                ends[partition] = int(end)
        return ends

    def _commit_durable(self) -> None:
        """Commit the last snapshot's offsets: that we are called again after it proves it durable."""
        if self._snapshotted is None:
            return
        offsets = [TopicPartition(self._config.topic, p, n) for p, n in self._snapshotted.items()]
        self._snapshotted = None
        self._hooks.on_durable()
        try:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.warning("offsets not committed; only lag tools see them", error=str(error))


class _Complaints:
    """Logs what the Kafka client complains of, each complaint at most every ten seconds: it goes on trying by itself."""

    def __init__(self) -> None:
        self._told: dict[int, float] = {}

    def __call__(self, error: KafkaError) -> None:
        now = time.monotonic()
        if now - self._told.get(error.code(), -10.0) >= 10.0:
            self._told[error.code()] = now
            log.warning("kafka", error=error.str())


def part_name(shard: int, shards: int) -> str:
    """Name the part that a shard reads, which is also the key of its state."""
    return f"{shard}/{shards}"


def _offsets(messages: list[Message]) -> NDArray[np.int64]:
    ends = np.array([messages[0].offset(), messages[-1].offset()], dtype=np.int64)
    if ends[1] - ends[0] + 1 == len(messages):
        # Offsets rise, so that many of them between these two leave no gap: no need to ask each message.
        return np.arange(ends[0], ends[1] + 1, dtype=np.int64)
    return np.array([message.offset() for message in messages], dtype=np.int64)


def _by_partition(messages: list[Message]) -> Iterable[tuple[int, Iterable[Message]]]:
    partition = methodcaller("partition")
    return groupby(sorted(messages, key=partition), key=partition)


def _consumer_settings(config: SourceConfig) -> dict[str, Any]:
    return {
        "group.id": config.group,
        "enable.auto.commit": False,
        # An offset that is gone must stop the reader, never make it jump.
        "auto.offset.reset": "error",
        # The broker gathers for up to 50 ms: a fetch for every few records would cost both sides more than the records.
        "fetch.wait.max.ms": 50,
        "fetch.min.bytes": 1 << 20,
        "queued.min.messages": 100_000,
        "queued.max.messages.kbytes": 32_768,
        "enable.partition.eof": False,
        "topic.metadata.refresh.interval.ms": 10_000,
        "error_cb": _Complaints(),
        **client_settings(config),
    }
