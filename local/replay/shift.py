"""The shift of a file: how far its times are moved, remembered so that a second replay sends the same."""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from local.replay.drafts import Draft, Translator
from local.replay.reading import Line, SourceFile

_FILE_NAME: Final = "replays.json"


class Shift(msgspec.Struct, frozen=True):
    """One remembered shift: what was replayed, by how much it is moved, and when that was decided."""

    file: str
    shift_ms: int
    decided_at_ms: int


class ShiftMemoryError(ValueError):
    """The memory of shifts cannot be read; the text says what to do."""


@dataclass(frozen=True, slots=True)
class ShiftMemory:
    """The shifts of all files replayed with `--shift`, in `replays.json` of the data directory."""

    data_dir: Path

    def find(self, key: str) -> Shift | None:
        """Return the remembered shift of a file and its mapping, if there is one."""
        return self._read().get(key)

    def keep(self, key: str, shift: Shift) -> None:
        """Remember a shift; the file is replaced whole, so a crash leaves the old or the new one."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(self._read() | {key: shift})))
        fresh.replace(self._path)

    @property
    def _path(self) -> Path:
        return self.data_dir / _FILE_NAME

    def _read(self) -> dict[str, Shift]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Shift])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            raise ShiftMemoryError(f"{self._path} cannot be read ({error}): delete it to shift anew") from None


def decide_shift(
    source: SourceFile, mapping: bytes, translate: Translator, memory: ShiftMemory, *, anew: bool = False
) -> tuple[Shift, bool]:
    """Return the shift of a file, and whether it is the one of an earlier replay.

    A new shift puts the last event of the whole file at the present moment, whatever part of it is then sent,
    and is remembered before anything is sent.
    """
    key = shift_key(source.digest(), mapping)
    known = None if anew else memory.find(key)
    if known is not None:
        return known, True
    end_ms = time.time_ns() // 1_000_000
    shift = Shift(source.name, shift_to(end_ms, source.lines(), translate), end_ms)
    memory.keep(key, shift)
    return shift, False


def shift_key(content_digest: str, mapping: bytes) -> str:
    """Name what is replayed: the same content with another mapping is another thing."""
    return hashlib.sha256(f"{content_digest}\0".encode() + mapping).hexdigest()


def shift_to(end_ms: int, lines: Iterable[Line], translate: Translator) -> int:
    """Return the shift in milliseconds that puts the latest event of `lines` at `end_ms`; 0 without any.

    Records that cannot be translated have no say.
    """
    times = (time_ms for row, line in enumerate(lines) for time_ms, _, _ in _translated(translate, line, row))
    latest = max(times, default=None)
    return 0 if latest is None else end_ms - latest


def _translated(translate: Translator, line: Line, row: int) -> list[Draft]:
    try:
        return translate(line, row)
    except ValueError:
        return []
