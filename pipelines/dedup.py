"""Remembers which messageIds a partition has seen, exactly and without a Python statement per id.

An id is known by 128 bits of XXH3, so two different ids are taken for one with a chance of about 1 in 10^24 even among
10^7 remembered ones. The memory is an open-addressing hash table in numpy arrays; each slot is stamped with the
generation (a stretch of the watermark) in which the id was last seen, and what is older than the horizon is forgotten.
"""

from collections.abc import Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

Ids = NDArray[np.uint64]
"""Shape (n, 2): the halves of n 128-bit ids."""

FORGOTTEN = np.int64(-(2**62))
FULL = 0.6
"""Share of used slots at which the table is rebuilt; probing stays short below it."""


def ids_of(message_ids: Sequence[str]) -> Ids:
    """Hash message ids to 128 bits each."""
    digests = b"".join([xxhash.xxh3_128_digest(text.encode()) for text in message_ids])
    return np.frombuffer(digests, dtype=np.uint64).reshape(-1, 2)


class IdTable:
    """A set of ids, each with the generation in which it was last seen."""

    def __init__(self, capacity: int = 1 << 12) -> None:
        """Make an empty table; `capacity` is a power of two."""
        self._resize(capacity)

    def __len__(self) -> int:
        return self._used

    @property
    def nbytes(self) -> int:
        """Memory that the table takes, in bytes."""
        return self._low.nbytes + self._high.nbytes + self._stamp.nbytes

    def see(self, ids: Ids, generation: int, oldest: int) -> NDArray[np.bool_]:
        """Stamp ids with a generation and tell which were known already.

        Args:
            ids: in the order in which they arrived; the second of two equal ones is known.
            generation: not lower than that of any call before.
            oldest: the lowest generation that is still remembered.
        """
        first = _distinct(ids)
        if self._used + len(first) > FULL * len(self._stamp):
            self._rebuild(len(first), oldest)
        slots = self._find_or_insert(ids[first])
        known = np.ones(len(ids), dtype=bool)
        known[first] = self._stamp[slots] >= oldest
        self._stamp[slots] = generation
        return known

    def _find_or_insert(self, ids: Ids) -> NDArray[np.int64]:
        """Give each of these distinct ids its slot; the stamp of a new one is FORGOTTEN."""
        low, high = ids[:, 0], ids[:, 1]
        slots = (low & self._mask).astype(np.int64)
        searching = np.arange(len(ids))
        while len(searching):
            at = slots[searching]
            free = ~self._taken[at]
            # Several ids may want one free slot: all write, one stays, the others see it and go on.
            self._low[at[free]], self._high[at[free]] = low[searching[free]], high[searching[free]]
            self._taken[at[free]] = True
            found = (self._low[at] == low[searching]) & (self._high[at] == high[searching])
            self._used += int(np.count_nonzero(found & free))
            searching = searching[~found]
            slots[searching] = (slots[searching] + 1) & int(self._mask)
        return slots

    def _rebuild(self, coming: int, oldest: int) -> None:
        live = np.flatnonzero(self._taken & (self._stamp >= oldest))
        ids, stamps = np.stack([self._low[live], self._high[live]], axis=1), self._stamp[live]
        capacity = 1 << 12
        while FULL * capacity < 1.5 * (len(live) + coming):
            capacity *= 2
        self._resize(capacity)
        self._stamp[self._find_or_insert(ids)] = stamps

    def _resize(self, capacity: int) -> None:
        self._mask = np.uint64(capacity - 1)
        self._low = np.zeros(capacity, dtype=np.uint64)
        self._high = np.zeros(capacity, dtype=np.uint64)
        self._taken = np.zeros(capacity, dtype=bool)
        self._stamp = np.full(capacity, FORGOTTEN, dtype=np.int64)
        self._used = 0


def _distinct(ids: Ids) -> NDArray[np.intp]:
    """Give the first row of each distinct id, ascending."""
    order = np.argsort(ids[:, 0], kind="stable")
    low = ids[order, 0]
    if np.any((low[1:] == low[:-1]) & (ids[order[1:], 1] != ids[order[:-1], 1])):
        order = np.lexsort((ids[:, 1], ids[:, 0]))
    ordered = ids[order]
    starts = np.concatenate(([True], np.any(ordered[1:] != ordered[:-1], axis=1)))
    return np.sort(order[starts])
