"""Rows for one table, as columns: what the rollups, the archive and the dead letters hand to the sinks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.cell import RowKey
from pipelines.measures import Partial, unpacked
from pipelines.rollup import Extreme, Rollup

Taken = tuple[int, int, tuple[list[RowKey], dict[str, Partial], tuple[NDArray[np.int64], NDArray[np.int64]]]]
"""Partition, late block, and what `Cell.take_changed` gave."""

TIMESTAMP = pa.timestamp("ms", tz="UTC")
SECONDS = pa.timestamp("s", tz="UTC")
SKETCH = pa.map_(pa.int16(), pa.uint64())


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows for one table."""

    table: str
    data: pa.Table

    @classmethod
    def gather(cls, rollup: Rollup, cells: Sequence[Taken]) -> "Rows":
        """Make the rows of a rollup's table from its cells."""
        keys = [key for _, _, (cell_keys, _, _) in cells for key in cell_keys]
        sizes = [len(cell_keys) for _, _, (cell_keys, _, _) in cells]
        columns: dict[str, pa.Array] = {
            "partition": pa.array(np.repeat([c[0] for c in cells], sizes), type=pa.uint32()),
            "late_block": pa.array(np.repeat([c[1] for c in cells], sizes), type=pa.uint64()),
            "window_start": pa.array([int(key[0]) // 1000 for key in keys], pa.int64()).cast(SECONDS),
        }
        for place, name in enumerate(rollup.dimensions, start=1):
            columns[name] = pa.array([key[place] for key in keys], type=pa.string()).dictionary_encode()
        for name, measure in rollup.scalars.items():
            values = np.concatenate([taken[2][1][name] for taken in cells])
            columns[name] = pa.array(values, from_pandas=isinstance(measure, Extreme))
        if rollup.sketch is not None:
            columns[rollup.sketch[0]] = _sketches(sizes, [taken[2][2] for taken in cells])
        return cls(rollup.table, pa.table(columns))


def _sketches(sizes: Sequence[int], entries: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> pa.MapArray:
    """Make one map (bucket -> count) a row."""
    starts = np.concatenate(([0], np.cumsum(sizes)))
    lengths = np.zeros(int(starts[-1]), dtype=np.int64)
    buckets = []
    for start, (packed, _) in zip(starts, entries, strict=False):
        rows, bucket = unpacked(packed)
        lengths += np.bincount(rows + start, minlength=len(lengths))
        buckets.append(bucket)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    keys = np.concatenate(buckets).astype(np.int16)
    counts = np.concatenate([counts for _, counts in entries]).astype(np.uint64)
    return pa.MapArray.from_arrays(offsets, pa.array(keys), pa.array(counts)).cast(SKETCH)
