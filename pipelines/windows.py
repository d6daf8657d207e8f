"""The open windows of one rollup: partials are merged in, changed rows are handed out whole, closed windows are dropped.

State is kept in cells. An on-time cell is one window of one partition and lives until the watermark of its partition lies
`lateness` behind its end; a block cell holds the rows of one late block (65,536 offsets) of one partition, whatever
their windows, and lives until the partition's offset leaves the block.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.cell import Cell, RowKey
from pipelines.columns import Columns, coded, integers, length, take
from pipelines.grouping import Groups, group
from pipelines.measures import BUCKET_BITS, Partial, holds, partial, sketch_entries
from pipelines.rollup import WINDOW_KEYS, Rollup
from pipelines.rows import Rows

BLOCK_SIZE = 65_536
"""How many stream offsets make a late block."""
ANY_WINDOW = -(2**63)
"""Stands for the window in the key of a block cell."""

CellKey = tuple[int, int, int]
"""Partition, late block (0: on time), window start in ms (ANY_WINDOW in a late block)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a partition has been read: its watermark (ms) and the stream offset that comes next."""

    watermark: int
    next_offset: int


class Windows:
    """The open windows of one rollup in one shard."""

    def __init__(self, rollup: Rollup, lateness_ms: int) -> None:
        self.rollup = rollup
        self._lateness_ms = lateness_ms
        self._cells: dict[CellKey, Cell] = {}
        self._changed: set[CellKey] = set()

    @property
    def has_changes(self) -> bool:
        """Tell whether any row changed since the last `take_changed`."""
        return bool(self._changed)

    def add(self, columns: Columns) -> None:
        """Merge events in: columns partition, late_block, time (ms), and those that the rollup reads."""
        if self.rollup.where is not None:
            kept = holds(self.rollup.where, columns)
            columns = columns if kept.all() else take(columns, kept)
        if not length(columns):
            return
        window = integers(columns, "time") // self.rollup.window_ms * self.rollup.window_ms
        columns = {**columns, "window_start": window, **{name: coded(columns, name) for name in self.rollup.dimensions}}
        groups = group([columns[name] for name in self.rollup.keys])
        self._merge(columns, groups)

    def take_changed(self) -> Rows | None:
        """Hand out the whole state of every row that changed since the last call, or None where none did."""
        keys, self._changed = sorted(self._changed), set()
        if not keys:
            return None
        return Rows.gather(self.rollup, [(key[0], key[1], self._cells[key].take_changed()) for key in keys])

    def is_closing(self, progress: Mapping[int, Progress]) -> bool:
        """Tell whether a changed cell is over, so that its rows cannot wait for the next `emit_every`."""
        return any(self._is_over(key, progress) for key in self._changed)

    def close(self, progress: Mapping[int, Progress]) -> None:
        """Drop the cells that no coming event can reach, unless they wait to be written."""
        for key in [key for key in self._cells if key not in self._changed and self._is_over(key, progress)]:
            del self._cells[key]

    def snapshot(self) -> list[tuple[CellKey, bytes]]:
        """Return the state as plain data."""
        return [(key, cell.encode()) for key, cell in self._cells.items()]

    def restore(self, state: Iterable[tuple[CellKey, bytes]]) -> None:
        """Take a snapshot up."""
        self._cells = {key: Cell.decode(self.rollup, encoded) for key, encoded in state}
        self._changed = set(self._cells)

    def _merge(self, columns: Columns, groups: Groups) -> None:
        first = take({name: columns[name] for name in self.rollup.keys}, groups.first)
        keys = _row_keys(first, self.rollup)
        partials = {name: partial(m, columns, groups) for name, m in self.rollup.scalars.items()}
        slots = np.empty(groups.size, dtype=np.int64)
        cell_of_group, cells = self._cells_of(first)
        for number, cell in enumerate(cells):
            rows = np.flatnonzero(cell_of_group == number)
            own: dict[str, Partial] = {name: values[rows] for name, values in partials.items()}
            slots[rows] = cell.merge([keys[row] for row in rows], own)
        if self.rollup.sketch is not None:
            entries, counts = sketch_entries(self.rollup.sketch[1], columns, groups)
            _merge_sketches(cells, cell_of_group, slots, entries, counts)

    def _cells_of(self, first: Columns) -> tuple[NDArray[np.intp], list[Cell]]:
        """Find the cell of each group, making those that are new."""
        late = integers(first, "late_block")
        window = np.where(late > 0, ANY_WINDOW, integers(first, "window_start"))
        partition = integers(first, "partition")
        found = group([partition, late, np.unique(window, return_inverse=True)[1]])
        cells = []
        for row in found.first:
            key = (int(partition[row]), int(late[row]), int(window[row]))
            cells.append(self._cells.setdefault(key, Cell(self.rollup)))
            self._changed.add(key)
        return found.of_row, cells

    def _is_over(self, key: CellKey, progress: Mapping[int, Progress]) -> bool:
        partition, block, window_start = key
        if partition not in progress:
            return False
        now = progress[partition]
        if block:
            return late_block(now.next_offset) > block
        return window_start + self.rollup.window_ms + self._lateness_ms <= now.watermark


Offset = TypeVar("Offset", int, NDArray[np.int64])


def late_block(offset: Offset) -> Offset:
    """Name the late block that a stream offset lies in (blocks count from 1; 0 means on time)."""
    return offset // BLOCK_SIZE + 1


def _row_keys(first: Columns, rollup: Rollup) -> list[RowKey]:
    lists: list[list[int | str]] = [integers(first, "window_start").tolist()]
    for name in rollup.dimensions:
        lists.append(list(coded(first, name).texts()))
    return list(zip(*lists, strict=True))


def _merge_sketches(
    cells: list[Cell],
    cell_of_group: NDArray[np.intp],
    slots: NDArray[np.int64],
    entries: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    groups = entries >> BUCKET_BITS
    buckets = entries & ((1 << BUCKET_BITS) - 1)
    cell_of_entry = cell_of_group[groups]
    for number, cell in enumerate(cells):
        own = cell_of_entry == number
        cell.merge_sketch(slots[groups[own]], buckets[own], counts[own])


__all__ = ["BLOCK_SIZE", "WINDOW_KEYS", "Progress", "Windows", "late_block"]
