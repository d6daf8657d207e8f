"""Remembers which messageIds a partition has seen, exactly and without a Python statement per id.

An id is known by 80 bits of XXH3, so an id is taken for another one with a chance of about 1 in 10^17 among 10^7
remembered ones: at 10,000 events a second once in 300,000 years. The memory is an open-addressing hash table in numpy
arrays, 11 bytes a slot; each slot is stamped with the generation (a stretch of the watermark) in which the id was last
seen, and what is older than the horizon is forgotten. At ten thousand events a second the horizon holds ten million ids:
the table is most of what a busy shard takes of memory, so it is filled well and grows by a little.
"""

from collections.abc import Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

Ids = NDArray[np.uint64]
"""Shape (n, 2): the halves of n 128-bit ids."""

SMALLEST = 1 << 12
"""Slots of an empty table."""
FULL = 0.8
"""Share of used slots at which the table is rebuilt; probing stays short below it."""
ROOM = 1.1
"""A rebuilt table has room for so many times the ids that it holds."""
PIECE = 1 << 18
"""Slots that a rebuild moves at once, so that it takes little memory of its own."""
STRIDES = 64
"""Each probe goes one slot further than the one before, which scatters ids that began at one place; after so many of them
one by one, so that every slot is reached."""
FREE, FORGOTTEN, REMEMBERED = 0, 1, 2
"""Stamps: of a slot that was never used, of an id that is too old, and the lowest one that stands for a generation."""


def ids_of(message_ids: Sequence[str]) -> Ids:
    """Hash message ids to 128 bits each."""
    digests = b"".join([xxhash.xxh3_128_digest(text.encode()) for text in message_ids])
    return np.frombuffer(digests, dtype=np.uint64).reshape(-1, 2)


class IdTable:
    """A set of ids, each with the generation in which it was last seen."""

    def __init__(self, capacity: int = SMALLEST) -> None:
        """Make an empty table of `capacity` slots."""
        self._stamps: dict[int, int] = {}
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
        self._forget(oldest)
        first = _distinct(ids)
        if self._used + len(first) > FULL * len(self._stamp):
            self._rebuild(len(first))
        slots = self._find_or_insert(ids[first, 0], _upper(ids[first, 1]))
        known = np.ones(len(ids), dtype=bool)
        known[first] = self._stamp[slots] >= REMEMBERED
        self._stamp[slots] = self._stamp_of(generation)
        return known

    def _stamp_of(self, generation: int) -> int:
        """Give the stamp of a generation; few are remembered at one time, so a byte has room for them."""
        if generation not in self._stamps:
            taken = set(self._stamps.values())
            self._stamps[generation] = next(n for n in range(REMEMBERED, 256) if n not in taken)
        return self._stamps[generation]

    def _forget(self, oldest: int) -> None:
        gone = [self._stamps.pop(generation) for generation in list(self._stamps) if generation < oldest]
        if gone:
            becomes = np.arange(256, dtype=np.uint8)
            becomes[gone] = FORGOTTEN
            for start in range(0, len(self._stamp), PIECE):
                self._stamp[start : start + PIECE] = becomes[self._stamp[start : start + PIECE]]

    def _find_or_insert(self, low: NDArray[np.uint64], high: NDArray[np.uint16]) -> NDArray[np.int64]:
        """Give each of these distinct ids its slot; the stamp of a new one is FORGOTTEN."""
        capacity = len(self._stamp)
        # The order of ids is the order of their places whatever the capacity, so a rebuild goes through memory once.
        slots = ((low >> np.uint64(32)) * np.uint64(capacity) >> np.uint64(32)).astype(np.int64)
        searching, probes = np.arange(len(low)), 0
        while len(searching):
            at = slots[searching]
            free = self._stamp[at] == FREE
            # Several ids may want one free slot: all write, one stays, the others see it and go on.
            self._low[at[free]], self._high[at[free]] = low[searching[free]], high[searching[free]]
            self._stamp[at[free]] = FORGOTTEN
            found = (self._low[at] == low[searching]) & (self._high[at] == high[searching])
            self._used += int(np.count_nonzero(found & free))
            searching = searching[~found]
            probes += 1
            slots[searching] = (slots[searching] + (probes if probes <= STRIDES else 1)) % capacity
        return slots

    def _rebuild(self, coming: int) -> None:
        low, high, stamp = self._low, self._high, self._stamp
        live = int(np.count_nonzero(stamp >= REMEMBERED))
        self._resize(max(SMALLEST, int(ROOM * (live + coming) / FULL)))
        for start in range(0, len(stamp), PIECE):
            kept = np.flatnonzero(stamp[start : start + PIECE] >= REMEMBERED) + start
            self._stamp[self._find_or_insert(low[kept], high[kept])] = stamp[kept]

    def _resize(self, capacity: int) -> None:
        self._low = np.zeros(capacity, dtype=np.uint64)
        self._high = np.zeros(capacity, dtype=np.uint16)
        self._stamp = np.full(capacity, FREE, dtype=np.uint8)
        self._used = 0


def _upper(halves: NDArray[np.uint64]) -> NDArray[np.uint16]:
    return (halves >> np.uint64(48)).astype(np.uint16)


def _distinct(ids: Ids) -> NDArray[np.intp]:
    """Give the first row of each distinct id, ascending."""
    order = np.argsort(ids[:, 0], kind="stable")
    low = ids[order, 0]
    if np.any((low[1:] == low[:-1]) & (ids[order[1:], 1] != ids[order[:-1], 1])):
        order = np.lexsort((ids[:, 1], ids[:, 0]))
    ordered = ids[order]
    starts = np.concatenate(([True], np.any(ordered[1:] != ordered[:-1], axis=1)))
    return np.sort(order[starts])
