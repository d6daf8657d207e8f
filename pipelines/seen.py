"""The durable side of duplicates: which messageIds a partition saw lately, snapshotted without writing all of them again.

The horizon can hold tens of millions of ids, too many to write into every snapshot. So ids are logged; each full piece of the
log is sealed into a file of its own that never changes, and a snapshot carries the names of the sealed files and only
the open piece. A sealed file is named for the offsets it covers, and what it holds follows from them, so writing it again
after a crash writes the same ids.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from pipelines.dedup import Ids, IdTable

GENERATIONS = 5
"""Into how many stretches of the watermark the horizon is cut; one more is kept, so that nothing is forgotten early."""
SEAL_AT = 65_536
"""Ids in the open piece of the log at which it is sealed (1 MiB)."""


class SeenStateError(Exception):
    """A sealed file that a snapshot names is missing or damaged."""


@dataclass(slots=True)
class Piece:
    """A stretch of the log: the ids of offsets first..last, in parts of one generation each."""

    first: int
    last: int
    parts: list[tuple[int, Ids]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Count the ids."""
        return sum(len(ids) for _, ids in self.parts)

    @property
    def newest(self) -> int:
        """The last generation in it; the piece is forgotten with it."""
        return self.parts[-1][0]

    def encode(self) -> bytes:
        """Return the parts as bytes."""
        return msgspec.msgpack.encode([(generation, ids.tobytes()) for generation, ids in self.parts])

    @classmethod
    def decode(cls, first: int, last: int, encoded: bytes) -> "Piece":
        """Take up what `encode` gave."""
        parts = msgspec.msgpack.decode(encoded, type=list[tuple[int, bytes]])
        return cls(first, last, [(generation, _ids(raw)) for generation, raw in parts])


class Seen:
    """The messageIds that one partition saw within the horizon."""

    def __init__(self, partition: int, folder: Path, horizon_ms: int) -> None:
        """Remember nothing yet.

        Args:
            partition: number of the Kafka partition.
            folder: where sealed files go; made when the first is written.
            horizon_ms: how far back, in event time, an id is remembered at least.
        """
        self._partition = partition
        self._folder = folder
        self._generation_ms = max(horizon_ms // GENERATIONS, 1)
        self._table = IdTable()
        self._sealed: list[tuple[int, str]] = []
        self._open: Piece | None = None
        self._retiring: list[str] = []
        self._retired: list[list[str]] = []

    def see(self, ids: Ids, watermarks: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell for each id whether the partition has seen it within the horizon, and remember all.

        Args:
            ids: shape (n, 2), in the order of the partition.
            watermarks: shape (n,), never falling: the highest event time up to and including each event, ms.
            offsets: shape (n,), rising.
        """
        generations = watermarks // self._generation_ms
        known = np.empty(len(ids), dtype=bool)
        cuts = np.flatnonzero(np.diff(generations)) + 1
        for rows in np.split(np.arange(len(ids)), cuts):
            if len(rows):
                known[rows] = self._see_one_generation(ids[rows], int(generations[rows[0]]), offsets[rows])
        return known

    def _see_one_generation(self, ids: Ids, generation: int, offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
        known = self._table.see(ids, generation, generation - GENERATIONS)
        if self._open is None:
            self._open = Piece(int(offsets[0]), int(offsets[-1]))
        self._open.parts.append((generation, ids))
        self._open.last = int(offsets[-1])
        if self._open.size >= SEAL_AT:
            self._seal(self._open)
            self._open = None
        self._forget(generation - GENERATIONS)
        return known

    def _seal(self, piece: Piece) -> None:
        name = f"{self._partition}-{piece.first}-{piece.last}.ids"
        _write_sealed(self._folder / name, piece.encode())
        self._sealed.append((piece.newest, name))

    def _forget(self, oldest: int) -> None:
        gone = [name for newest, name in self._sealed if newest < oldest]
        if gone:
            self._sealed = [entry for entry in self._sealed if entry[0] >= oldest]
            self._retiring += gone
        if self._open is not None and self._open.parts[0][0] < oldest:
            self._open.parts = [part for part in self._open.parts if part[0] >= oldest]

    def snapshot(self) -> dict[str, Any]:
        """Return plain data: names of sealed files, and the open piece."""
        piece = self._open
        return {
            "sealed": list(self._sealed),
            "open": None if piece is None else (piece.first, piece.last, piece.encode()),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take a snapshot up, reading the sealed files that it names.

        Raises:
            SeenStateError: a sealed file is missing or damaged.
        """
        for newest, name in state["sealed"]:
            self._remember(Piece.decode(0, 0, _read_sealed(self._folder / name)))
            self._sealed.append((newest, name))
        if state["open"] is not None:
            self._open = Piece.decode(*state["open"])
            self._remember(self._open)

    def _remember(self, piece: Piece) -> None:
        for generation, ids in piece.parts:
            self._table.see(ids, generation, generation - GENERATIONS)

    def names(self) -> set[str]:
        """Name the sealed files that are in use, and the forgotten ones that are still kept."""
        kept = {name for lot in (*self._retired, self._retiring) for name in lot}
        return kept | {name for _, name in self._sealed}

    def discard_retired(self, keep: int) -> None:
        """Delete the files that were forgotten `keep` snapshots ago; a younger snapshot may still name the others.

        Called once a snapshot: how much is forgotten between two of them has no bound, since a replay runs through days.
        """
        self._retired.append(self._retiring)
        self._retiring = []
        while len(self._retired) > keep:
            for name in self._retired.pop(0):
                (self._folder / name).unlink(missing_ok=True)


def _ids(raw: bytes) -> Ids:
    return np.frombuffer(raw, dtype=np.uint64).reshape(-1, 2)


def _write_sealed(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("wb") as file:
        file.write(xxhash.xxh3_128_digest(raw) + raw)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _read_sealed(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise SeenStateError(f"{path} is missing: the snapshot names it; restore it from a backup") from error
    digest, raw = content[:16], content[16:]
    if xxhash.xxh3_128_digest(raw) != digest:
        raise SeenStateError(f"{path} is damaged (its checksum does not match); restore it from a backup")
    return raw
