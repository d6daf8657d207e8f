"""One cell of open rows: the whole state of the rows of one window (or one late block) of one partition."""

from collections.abc import Sequence
from typing import Any

import lz4.frame
import msgspec
import numpy as np
from numpy.typing import NDArray

from pipelines.measures import BUCKET_BITS, Partial, add_up, empty, merge_into
from pipelines.rollup import Rollup

RowKey = tuple[int | str, ...]
"""Window start in ms, then the dimensions."""


class Cell:
    """Rows by key, their measures in arrays, and which of them changed since they were last written.

    Slots number the rows in the order in which they came; the arrays are as long as there is room, `len(self.slots)` is
    how much of them is in use.
    """

    def __init__(self, rollup: Rollup) -> None:
        self._rollup = rollup
        self.slots: dict[RowKey, int] = {}
        self._state: dict[str, Partial] = {name: empty(m, 4) for name, m in rollup.scalars.items()}
        self._changed = np.zeros(4, dtype=bool)
        self._entries = np.empty(0, dtype=np.int64)
        self._counts = np.empty(0, dtype=np.int64)
        self._added: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        self._encoded: bytes | None = None

    def merge(self, keys: Sequence[RowKey], partials: dict[str, Partial]) -> NDArray[np.intp]:
        """Merge partials of distinct rows in; give each row's slot."""
        slots = self.slots
        where = np.array([slots.setdefault(key, len(slots)) for key in keys], dtype=np.intp)
        self._make_room(len(slots))
        for name, measure in self._rollup.scalars.items():
            merge_into(measure, self._state[name], where, partials[name])
        self._changed[where] = True
        self._encoded = None
        return where

    def merge_sketch(self, slots: NDArray[np.int64], buckets: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Add bucket counts; `buckets` is packed as in `pipelines.measures`, without its group."""
        self._added.append(((slots << BUCKET_BITS) | buckets, counts))

    def take_changed(
        self,
    ) -> tuple[list[RowKey], dict[str, Partial], tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Hand out the rows that changed: keys, measures, and sketch entries packed with the row's place among them."""
        rows = np.flatnonzero(self._changed[: len(self.slots)])
        self._changed[rows] = False
        all_keys = list(self.slots)
        keys = [all_keys[row] for row in rows]
        measures: dict[str, Partial] = {name: column[rows] for name, column in self._state.items()}
        entries, counts = self._compacted()
        place = np.full(len(self.slots) + 1, -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        places = place[entries >> BUCKET_BITS]
        kept = places >= 0
        bucket = entries[kept] & ((1 << BUCKET_BITS) - 1)
        return keys, measures, ((places[kept] << BUCKET_BITS) | bucket, counts[kept])

    def encode(self) -> bytes:
        """Return the cell as plain bytes; the same object as before while nothing changed."""
        if self._encoded is None:
            entries, counts = self._compacted()
            used = len(self.slots)
            plain = {
                "keys": list(self.slots),
                "measures": {name: column[:used].tobytes() for name, column in self._state.items()},
                "entries": entries.tobytes(),
                "counts": counts.tobytes(),
            }
            self._encoded = lz4.frame.compress(msgspec.msgpack.encode(plain))
        return self._encoded

    @classmethod
    def decode(cls, rollup: Rollup, encoded: bytes) -> "Cell":
        """Take up what `encode` gave. All rows count as changed: they are written again, which changes no figure."""
        plain: dict[str, Any] = msgspec.msgpack.decode(lz4.frame.decompress(encoded))
        cell = cls(rollup)
        cell.slots = {tuple(key): slot for slot, key in enumerate(plain["keys"])}
        used = len(cell.slots)
        cell._make_room(used)
        for name, column in cell._state.items():
            column[:used] = np.frombuffer(plain["measures"][name], dtype=column.dtype)
        cell._changed[:used] = True
        cell._entries = np.frombuffer(plain["entries"], dtype=np.int64)
        cell._counts = np.frombuffer(plain["counts"], dtype=np.int64)
        return cell

    def _compacted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if self._added:
            parts = [(self._entries, self._counts), *self._added]
            self._added = []
            entries = np.concatenate([part[0] for part in parts])
            self._entries, self._counts = add_up(entries, np.concatenate([part[1] for part in parts]))
        return self._entries, self._counts

    def _make_room(self, rows: int) -> None:
        room = len(self._changed)
        if rows <= room:
            return
        more = max(rows, 2 * room) - room
        self._changed = np.concatenate([self._changed, np.zeros(more, dtype=bool)])
        for name, measure in self._rollup.scalars.items():
            self._state[name] = np.concatenate([self._state[name], empty(measure, more)])
