"""A ClickHouse of the tests' own with the tables and views of this program, and a way of events into it without Kafka."""

import re
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from local.producer import Record
from pipelines.facts import Facts
from pipelines.microbatch import MicroBatch
from pipelines.rollup import Rollup
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.rows import Rows
from pipelines.shard import Shard, ShardConfig
from sinks.clickhouse import ClickHouse
from sinks.migrations import migrate

PARTITIONS = 3
STEP = 20_000
"""Records that a step takes in."""


@contextmanager
def running_endpoint(data: Path, module: str = "local.clickhouse_endpoint") -> Iterator[str]:
    """Run an endpoint on a free port; gives its URL. It is known to listen because it says so."""
    command = [sys.executable, "-m", module, "--data", str(data), "--port", "0"]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)
    with process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            assert line.startswith("listening "), f"the endpoint said {line!r}"
            yield f"http://{line.split()[1]}"
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True)
class _WithoutExpiry:
    """Makes tables that keep their rows for ever: tests have events of fixed dates, which must not expire as the years go by."""

    store: ClickHouse

    def command(self, statement: str) -> Any:
        return self.store.command(re.sub(r"\nTTL .+ DAY$", "", statement))

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        return self.store.query(statement)


@contextmanager
def migrated(url: str, database: str) -> Iterator[ClickHouse]:
    """Make a database with all tables (whose rows do not expire), functions and views; gives a connection to it."""
    server = ClickHouse(url, "default", "", "default")
    server.command(f"CREATE DATABASE {database}")
    server.close()
    store = ClickHouse(url, "default", "", database)
    list(migrate(_WithoutExpiry(store)))
    yield store
    store.close()


def feed(
    store: ClickHouse,
    records: Iterable[Record],
    rollups: Sequence[Rollup] = ROLLUPS,
    facts: Sequence[Facts] = FACTS,
) -> None:
    """Take records (key, value, timestamp in ms) through a shard into the tables, as a pipeline would that never stops."""
    with TemporaryDirectory() as folder:
        shard = Shard(ShardConfig(Path(folder)), rollups, facts)
        offsets = [0] * PARTITIONS
        stream = iter(records)
        while step := list(islice(stream, STEP)):
            _write(store, shard.step(list(_batches(step, offsets)), 0.0).rows)
        _write(store, shard.take_due(0.0, everything=True))


def _batches(records: list[Record], offsets: list[int]) -> Iterator[MicroBatch]:
    """Share records out to partitions by key, as Kafka does; `offsets` counts on."""
    for partition in range(PARTITIONS):
        own = [record for record in records if zlib.crc32(record[0] or b"") % PARTITIONS == partition]
        if own:
            numbers = np.arange(offsets[partition], offsets[partition] + len(own), dtype=np.int64)
            times = np.array([time for _, _, time in own], dtype=np.int64)
            offsets[partition] += len(own)
            yield MicroBatch(partition, numbers, times, [value or b"" for _, value, _ in own])


def _write(store: ClickHouse, rows: Iterable[Rows]) -> None:
    for each in rows:
        store.insert(each.table, each.data)
