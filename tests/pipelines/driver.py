"""Drives a shard over streams as Bytewax would, with stops and crashes at will; what it writes goes to tables in memory."""

import json
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from pipelines.archive import ARCHIVE
from pipelines.errors import ERRORS
from pipelines.flush import Flush
from pipelines.ledger import LEDGER
from pipelines.microbatch import MicroBatch
from pipelines.operations import OPERATIONS
from pipelines.shard import Shard, ShardConfig
from pipelines.verdict import TimeRules
from tests.pipelines.oracle import Record, Rules
from tests.pipelines.streams import Plan, Streams
from tests.pipelines.tables import Key, Row, Tables, keyed

SPINE = (OPERATIONS, ERRORS, LEDGER)
SMALL_BLOCK = 4
AllRows = dict[str, dict[Key, Row]]
"""The rows of every table, by key."""
SECONDS_A_STEP = 0.4
"""What a step takes on the clock that decides how often rows are written."""


@contextmanager
def small_pieces() -> Iterator[None]:
    """Make late blocks, sealed files and pieces of decoding so small that short streams cross their bounds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.windows.BLOCK_SIZE", SMALL_BLOCK)
        patch.setattr("pipelines.seen.SEAL_AT", 5)
        patch.setattr("pipelines.decode.PIECE", 3)
        yield


@dataclass(frozen=True, slots=True)
class Saved:
    """What is durable after a snapshot: the state, pickled as Bytewax does, and how far each partition was read."""

    state: bytes
    read: dict[int, int]


class Pipeline:
    """A shard on its way through streams."""

    def __init__(self, streams: Streams, folder: Path, rules: Rules) -> None:
        self.tables = Tables()
        self.verdicts: Counter[str] = Counter()
        self._streams = streams
        self._config = ShardConfig(folder, time_rules(rules))
        self._shard = Shard(self._config, SPINE, (ARCHIVE,))
        self._read = dict.fromkeys(streams, 0)
        self._clock = 0.0

    @property
    def left(self) -> int:
        """Count the records that were not read yet."""
        return sum(len(own) - self._read[p] for p, own in self._streams.items())

    def step(self, counts: Sequence[int]) -> Flush:
        """Read so many records of each partition, at least one in all, and write what the shard gives."""
        batches = [self._read_on(p, counts[p]) for p in self._streams if counts[p] and self._remaining(p)]
        if not batches:
            batches = [self._read_on(next(p for p in self._streams if self._remaining(p)), 1)]
        self._clock += SECONDS_A_STEP
        flush = self._shard.step(batches, self._clock)
        assert flush.received == sum(flush.verdicts.values()) == sum(map(len, batches))
        self.tables.write(flush.rows)
        self.verdicts.update(flush.verdicts)
        return flush

    def save(self) -> Saved:
        """Take a snapshot."""
        return Saved(pickle.dumps(self._shard.snapshot()), dict(self._read))

    def resume(self, saved: Saved) -> None:
        """Go on from a snapshot as a new process does; the tables keep what was written since."""
        self._shard = Shard(self._config, SPINE, (ARCHIVE,))
        self._shard.restore(pickle.loads(saved.state))  # noqa: S301 - our own bytes
        self._read = dict(saved.read)

    def finish(self, plan: Plan = ((50, 50, 50),)) -> AllRows:
        """Read to the end, write what waits, and give all rows."""
        for counts in cycle(plan):
            if not self.left:
                break
            self.step(counts)
        self.tables.write(self._shard.take_due(self._clock, everything=True))
        return self.tables.all()

    def _remaining(self, partition: int) -> int:
        return len(self._streams[partition]) - self._read[partition]

    def _read_on(self, partition: int, count: int) -> MicroBatch:
        start = self._read[partition]
        records = self._streams[partition][start : start + count]
        self._read[partition] += len(records)
        return micro_batch(records)


@contextmanager
def pipeline(streams: Streams, rules: Rules) -> Iterator[Pipeline]:
    """Make a pipeline with a folder of its own."""
    with TemporaryDirectory() as folder:
        yield Pipeline(streams, Path(folder), rules)


def undisturbed(streams: Streams, rules: Rules, plan: Plan = ((50, 50, 50),)) -> AllRows:
    """Give the rows of a run that never stopped."""
    with pipeline(streams, rules) as run:
        return run.finish(plan)


def micro_batch(records: Sequence[Record]) -> MicroBatch:
    """Make a micro-batch of consecutive records of one partition."""
    return MicroBatch(
        records[0].partition,
        np.array([record.offset for record in records], dtype=np.int64),
        np.array([record.time for record in records], dtype=np.int64),
        [record.value for record in records],
    )


def time_rules(rules: Rules) -> TimeRules:
    """Give the oracle's rules to the shard."""
    return TimeRules(
        *(timedelta(milliseconds=ms) for ms in (rules.lateness, rules.max_ahead, rules.max_age, rules.horizon))
    )


def expected(rows: dict[str, list[Row]]) -> AllRows:
    """Arrange the oracle's rows as tables give them."""
    return {name: keyed(name, own) for name, own in rows.items() if own}


def as_told(written: AllRows, told: AllRows) -> AllRows:
    """Leave of the written rows what the oracle tells of them; JSON is read, since spaces are no matter."""
    return {
        name: {key: {c: _plain(c, row[c]) for c in told.get(name, {}).get(key, row)} for key, row in rows.items()}
        for name, rows in written.items()
    }


def _plain(column: str, value: Any) -> Any:
    return json.loads(value) if column == "properties" else value


def in_order(streams: Streams) -> list[Record]:
    """Give the records of all partitions, one partition after the other."""
    return [record for own in streams.values() for record in own]


def with_duplicates(records: Sequence[Record], copies: Iterable[tuple[int, int]]) -> list[Record]:
    """Send records again, byte for byte: (which one, how many places after it); offsets are counted anew."""
    places = [(float(number), record) for number, record in enumerate(records)]
    for which, later in copies:
        number = which % len(records)
        place = min(number + later, len(records) - 1)
        # The copy comes when the record after which it is put came.
        places.append((place + 0.5, replace(records[number], time=records[place].time)))
    places.sort(key=lambda entry: entry[0])
    return [replace(record, offset=offset) for offset, (_, record) in enumerate(places)]
