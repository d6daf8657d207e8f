"""What the tests of source and dataflow share: topics of their own on a real broker, and a source that is read step by step."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from pipelines.microbatch import MicroBatch
from pipelines.positions import STATE_VERSION, Gap, SourceError, SourceState
from pipelines.source import KafkaSource, KafkaSourcePartition, SourceConfig, SourceHooks
from tests.services import create_topic, produce

START = 1_795_000_000_000
STEPS = 400
"""More steps than any reading needs; each waits at most BATCH_WAIT."""
BATCH_WAIT = timedelta(seconds=0.1)
_numbers = count()


def new_topic(broker: str, partitions: int) -> SourceConfig:
    """Make a topic and give the way to read it."""
    name = f"source-{next(_numbers)}"
    create_topic(broker, name, partitions)
    return SourceConfig(broker, name, "tests", batch_wait=BATCH_WAIT)


def fill(config: SourceConfig, numbers: range, partitions: int) -> None:
    """Send records that say their number, to partition (number modulo partitions)."""
    records = [(n % partitions, b"%d" % n, START + n) for n in numbers]
    produce(config.bootstrap_servers, config.topic, records)


@dataclass
class Told:
    """What the source told through its hooks."""

    stopping: threading.Event = field(default_factory=threading.Event)
    failures: list[SourceError] = field(default_factory=list)
    lags: list[dict[int, int]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    durable: int = 0
    news: threading.Condition = field(default_factory=threading.Condition)

    def on_lag(self, lag: dict[int, int]) -> None:
        """Keep a lag; a thread of the source tells it."""
        with self.news:
            self.lags.append(lag)
            self.news.notify_all()

    def wait_for_lag(self, enough: Callable[[dict[int, int]], bool]) -> None:
        """Return when the last lag is as awaited."""
        with self.news:
            came = self.news.wait_for(lambda: bool(self.lags) and enough(self.lags[-1]), timeout=30)
        assert came, f"the lag is {self.lags[-1:]}"

    def hooks(self) -> SourceHooks:
        def on_durable() -> None:
            self.durable += 1

        return SourceHooks(self.stopping, self.on_lag, on_durable, self.failures.append, self.gaps.extend)


@contextmanager
def reading(
    config: SourceConfig, state: SourceState | None = None, told: Told | None = None
) -> Iterator[KafkaSourcePartition]:
    """Build the one part of a source as Bytewax does; a start that is refused raises."""
    told = told or Told()
    source = KafkaSource(config, told.hooks())
    (part,) = source.list_parts()
    built = source.build_part("kafka", part, state)
    if not isinstance(built, KafkaSourcePartition):
        raise told.failures[0]
    yield built
    built.close()


def read(partition: KafkaSourcePartition, records: int) -> list[MicroBatch]:
    """Take steps until so many records came."""
    return read_until(partition, lambda batches: sum(map(len, batches)) >= records)


def read_until(partition: KafkaSourcePartition, enough: Callable[[list[MicroBatch]], bool]) -> list[MicroBatch]:
    """Take steps until there is enough."""
    batches: list[MicroBatch] = []
    for _ in range(STEPS):
        if enough(batches):
            return batches
        for _, own in partition.next_batch():
            assert len({batch.partition for batch in own}) == len(own)
            batches += own
    raise AssertionError(f"{sum(map(len, batches))} records and no more")


def values(batches: list[MicroBatch]) -> dict[int, list[int]]:
    """Give the numbers that records say, by partition, in the order they were read."""
    found: dict[int, list[int]] = {}
    for batch in batches:
        found.setdefault(batch.partition, []).extend(map(int, batch.values))
    return dict(sorted(found.items()))


def offsets(batches: list[MicroBatch]) -> dict[int, list[int]]:
    """Give stream offsets, by partition."""
    found: dict[int, list[int]] = {}
    for batch in batches:
        found.setdefault(batch.partition, []).extend(batch.offsets.tolist())
    return dict(sorted(found.items()))


def of_shard(config: SourceConfig, shard: int, shards: int) -> SourceConfig:
    """Give a shard's part of a topic."""
    return replace(config, shard=shard, shards=shards)


def source_state(positions: Mapping[int, tuple[int, int]], log_id: str = "", topic_id: str = "") -> SourceState:
    """Give a state of the source: partition -> next offset and base."""
    return {
        "version": STATE_VERSION,
        "log_id": log_id,
        "topic_id": topic_id,
        "positions": {p: {"next": next_offset, "base": base} for p, (next_offset, base) in positions.items()},
    }
