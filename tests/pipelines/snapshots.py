"""Snapshots of released versions, kept with the stream that they stand in the middle of.

`python -m tests.pipelines.snapshots` keeps one of today's version; run it once before a version is released, never again.
"""

import gzip
import pickle
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from local.simulator.impurities import Impurities
from local.simulator.simulator import Plan, Simulator
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.shard import SNAPSHOT_VERSION, Shard, ShardConfig
from tests.pipelines.driver import AllRows, micro_batch
from tests.pipelines.oracle import Record
from tests.pipelines.tables import Tables

KEPT = Path(__file__).parent / "golden" / "snapshots"
PARTITIONS, RECORDS, STEP = 3, 1_800, 120
"""The snapshot stands in the middle of the stream; a step reads so many records."""


def stream() -> list[Record]:
    """Simulate a stream that has everything in it: retries, late events, bad records."""
    plan = Plan(start=1_795_000_000.0, seed=3, users=60, rate=2.0, impurities=Impurities(0.03, 0.03, 0.02))
    sent = (record for batch in Simulator(plan).events(limit=RECORDS) for record in batch)
    offsets = dict.fromkeys(range(PARTITIONS), 0)
    records = []
    for key, value, time in islice(sent, RECORDS):
        partition = sum(key) % PARTITIONS
        records.append(Record(partition, offsets[partition], time or 0, value))
        offsets[partition] += 1
    return records


def written(shard: Shard, records: Sequence[Record], tables: Tables) -> Iterator[Shard]:
    """Give records to a shard, step by step; yields it after each."""
    for number, start in enumerate(range(0, len(records), STEP)):
        step = records[start : start + STEP]
        partitions = sorted({record.partition for record in step})
        batches = [micro_batch([record for record in step if record.partition == p]) for p in partitions]
        tables.write(shard.step(batches, float(number)).rows)
        yield shard


def finished(shard: Shard, records: Sequence[Record], tables: Tables) -> AllRows:
    """Give the rest of the records to a shard, and all rows that were ever written."""
    for _ in written(shard, records, tables):
        pass
    tables.write(shard.take_due(1e9, everything=True))
    return tables.all()


def new_shard(folder: Path) -> Shard:
    """Make a shard of everything that there is."""
    return Shard(ShardConfig(folder), ROLLUPS, FACTS)


def encoded(records: Iterable[Record]) -> bytes:
    """Write records so that they stay as they are whatever the simulator becomes."""
    return gzip.compress(pickle.dumps([(r.partition, r.offset, r.time, r.value) for r in records]), mtime=0)


def decoded(raw: bytes) -> list[Record]:
    """Read what `encoded` wrote."""
    return [Record(*fields) for fields in pickle.loads(gzip.decompress(raw))]  # noqa: S301 - our own bytes


def snapshot_of(records: Sequence[Record], folder: Path) -> dict[str, Any]:
    """Give the snapshot after half of the records; sealed ids go to the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.seen.SEAL_AT", 100)
        shard = new_shard(folder)
        for _ in written(shard, records[: len(records) // 2], Tables()):
            pass
        return shard.snapshot()


def keep() -> Path:
    """Store a snapshot of today's version."""
    place = KEPT / f"v{SNAPSHOT_VERSION}"
    place.mkdir(parents=True)
    records = stream()
    with TemporaryDirectory() as folder:
        state = snapshot_of(records, Path(folder))
        for file in Path(folder).glob("*.ids"):
            shutil.copy(file, place)
    (place / "stream.gz").write_bytes(encoded(records))
    (place / "state.gz").write_bytes(gzip.compress(pickle.dumps(state), mtime=0))
    return place


if __name__ == "__main__":
    print(f"kept {keep()}")
