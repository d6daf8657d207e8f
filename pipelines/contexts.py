"""The contexts of events, each distinct one read once: an application sends few, for as long as a session lasts."""

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.columns import Coded, Column, Texts
from schemas import narrow

CODED = ("source", "service", "release", "environment", "tenant_id")
"""Columns of few distinct texts; `session_id` has many."""
REMEMBERED, REMEMBERED_BYTES = 1 << 16, 16 << 20
"""Contexts, and bytes of them, at which all are forgotten: a hostile emitter sends another large one with every event."""


class Contexts(dict[bytes, int]):
    """Numbers contexts by their bytes; asking for one that does not fit raises what msgspec raises."""

    def __init__(self) -> None:
        super().__init__()
        self._decode = msgspec.json.Decoder(narrow.CONTEXT).decode
        self._read: list[Any] = []
        self._bytes = 0

    def __missing__(self, raw: bytes) -> int:
        self._read.append(self._decode(raw))
        self._bytes += len(raw)
        self[raw] = len(self._read) - 1
        return self[raw]

    def forget_many(self) -> None:
        """Forget all when there are many; to be called between batches, since numbers begin anew."""
        if len(self) > REMEMBERED or self._bytes > REMEMBERED_BYTES:
            self.clear()
            self._read.clear()
            self._bytes = 0

    def columns(self, numbers: NDArray[np.intp]) -> dict[str, Column]:
        """Give the columns of contexts with these numbers."""
        used, codes = _compact(numbers)
        own = [self._read[number] for number in used.tolist()]
        told: dict[str, Column] = {}
        for name in CODED:
            distinct = Coded.of([getattr(context, name) for context in own])
            told[name] = Coded(distinct.codes[codes], distinct.values)
        sessions = pa.array([context.session_id for context in own], pa.string())
        return {**told, "session_id": Texts(sessions.take(pa.array(codes)))}


def _compact(numbers: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give the distinct numbers, ascending, and for each number its place among them."""
    used = np.flatnonzero(np.bincount(numbers)) if len(numbers) else numbers
    places = np.zeros(int(used[-1]) + 1 if len(used) else 0, dtype=np.intp)
    places[used] = np.arange(len(used))
    return used, places[numbers]
