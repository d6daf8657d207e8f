"""What the pipeline makes of the records that a recount is given: a shard with all its tables, in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from chaos.recount.json_values import read_any, written
from chaos.recount.records import Record, Rules
from chaos.recount.recount import TABLES
from chaos.recount.table import Kind, Row, Rows, Table, sketch_text
from pipelines.dead_letters import DeadLetter
from pipelines.microbatch import MicroBatch
from pipelines.pseudonyms import PlainIds, Pseudonyms
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.shard import Shard, ShardConfig
from pipelines.verdict import TimeRules
from tests.pipelines import tables

Streams = Mapping[int, Sequence[Record]]
"""The records of each partition."""


def run(
    streams: Streams, rules: Rules, key: bytes | None, steps: Sequence[int] = (997,)
) -> tuple[tables.Tables, list[DeadLetter]]:
    """Take the records through a shard that never stops; each partition is read in steps of so many records, in turn."""
    found, letters = tables.Tables(), []
    with TemporaryDirectory() as folder:
        shard = Shard(_config(Path(folder), rules, key), ROLLUPS, FACTS)
        read = dict.fromkeys(streams, 0)
        clock = 0.0
        for size in cycle(steps):
            batches = [_batch(own[read[p] : read[p] + size]) for p, own in streams.items() if read[p] < len(own)]
            if not batches:
                break
            clock += 0.4
            flush = shard.step(batches, clock)
            found.write(flush.rows)
            letters += flush.dead_letters
            for batch in batches:
                read[batch.partition] += len(batch)
        found.write(shard.take_due(clock, everything=True))
    return found, letters


def as_recounted(found: tables.Tables) -> dict[str, Rows]:
    """Give all rows of the pipeline in the form of the recount."""
    return {table.name: _rows(table, found) for table in TABLES}


def _rows(table: Table, found: tables.Tables) -> Rows:
    rows = [_row(table, row) for row in found.rows(table.name).values()]
    by_key = {table.key_of(row): row for row in rows}
    assert len(by_key) == len(rows)
    return by_key


def _row(table: Table, row: Mapping[str, Any]) -> Row:
    assert row.keys() == table.columns.keys()
    return tuple(_value(row[name], kind) for name, kind in table.columns.items())


def _value(value: Any, kind: Kind) -> Any:
    match kind:
        case Kind.SECONDS:
            return int(_moment(value).timestamp())
        case Kind.MOMENT:
            return round(_moment(value).timestamp() * 1000)
        case Kind.SKETCH:
            return sketch_text(value)
        case Kind.BYTES:
            return value.hex().upper()
        case Kind.JSON:
            return written(read_any(value))
        case Kind.TEXTS:
            return tuple(value)
        case _:
            return value


def _moment(value: Any) -> datetime:
    assert isinstance(value, datetime)
    return value


def _batch(records: Sequence[Record]) -> MicroBatch:
    return MicroBatch(
        records[0].partition,
        np.array([record.offset for record in records], dtype=np.int64),
        np.array([record.time for record in records], dtype=np.int64),
        [record.value for record in records],
    )


def _config(folder: Path, rules: Rules, key: bytes | None) -> ShardConfig:
    times = (rules.lateness, rules.max_ahead, rules.max_age, rules.dedup_horizon)
    return ShardConfig(
        folder,
        TimeRules(*(timedelta(milliseconds=ms) for ms in times)),
        rules.max_event_bytes,
        rules.catalog_strict,
        PlainIds() if key is None else Pseudonyms(key),
    )
