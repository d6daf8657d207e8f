"""Files of records, whatever they are packed in: NDJSON or CSV, plain or gzip, with a byte order mark or not.

Everything is told by content and nothing by name, because files are renamed more often than repacked.
"""

import csv
import gzip
import hashlib
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import orjson

_GZIP_MAGIC: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_PEEK_BYTES: Final = 65_536

Format = Literal["ndjson", "csv"]


class UnreadableFileError(ValueError):
    """The file as a whole cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a file.

    `number` counts lines from 1 as an editor shows them, `raw` holds the record's bytes without its line
    break (for CSV the row as a JSON object), `position` how many bytes of the file on disk were read by then.
    """

    number: int
    raw: bytes
    position: int

    def fields(self) -> dict[str, object]:
        """Return the record as a dict.

        Raises:
            ValueError: it is not one JSON object.
        """
        try:
            record = orjson.loads(self.raw)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"not JSON: {error}") from None
        if not isinstance(record, dict):
            raise ValueError("not a JSON object")
        return record


class SourceFile:
    """A file that can be read more than once; standard input (`-`) is first copied into a temporary file."""

    def __init__(self, name: str) -> None:
        """Open `name`.

        Raises:
            UnreadableFileError: there is no such file, or it may not be read.
        """
        self.name = "standard input" if name == "-" else name
        try:
            self._file: io.BufferedReader = _spooled_stdin() if name == "-" else Path(name).open("rb")  # noqa: SIM115
        except OSError as error:
            raise UnreadableFileError(f"{name}: {error.strerror}") from None
        self.size = self._file.seek(0, io.SEEK_END)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def digest(self) -> str:
        """Return the SHA-256 of the file's content as it lies on disk, in hex."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()

    def format(self) -> Format:
        """Tell NDJSON, whose first character opens an object, from CSV, where anything else does."""
        head = self._unpacked().read(_PEEK_BYTES)
        return "ndjson" if head.removeprefix(_BOM).lstrip()[:1] in (b"{", b"[", b"") else "csv"

    def lines(self) -> Iterator[Line]:
        """Yield the file's records in order, empty lines left out.

        Raises:
            UnreadableFileError: broken gzip, or CSV that is not UTF-8 or has no header.
        """
        try:
            yield from self._csv_lines() if self.format() == "csv" else self._ndjson_lines()
        except (EOFError, gzip.BadGzipFile, zlib.error, csv.Error, UnicodeDecodeError) as error:
            raise UnreadableFileError(f"{self.name} cannot be read to its end: {error}") from None

    def _ndjson_lines(self) -> Iterator[Line]:
        for number, line in enumerate(self._unpacked(), start=1):
            raw = (line.removeprefix(_BOM) if number == 1 else line).rstrip(b"\r\n")
            if raw.strip():
                yield Line(number, raw, self._file.tell())

    def _csv_lines(self) -> Iterator[Line]:
        text = io.TextIOWrapper(self._unpacked(), encoding="utf-8-sig", newline="")
        rows = csv.reader(text)
        header = next(rows, None)
        if not header:
            raise UnreadableFileError(f"{self.name} has no header line that names its columns")
        for row in rows:
            if row:
                # A row with too few or too many cells fails when it is mapped, with its line number.
                raw = orjson.dumps(dict(zip(header, row, strict=False)) if len(row) == len(header) else row)
                yield Line(rows.line_num, raw, self._file.tell())

    def _unpacked(self) -> io.BufferedReader:
        self._file.seek(0)
        packed = self._file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        self._file.seek(0)
        if packed:
            return io.BufferedReader(gzip.GzipFile(fileobj=self._file), _PEEK_BYTES)
        # A buffered reader closes what it reads from when it goes, and the file is to be read again.
        return io.BufferedReader(_Borrowed(self._file), _PEEK_BYTES)


class _Borrowed(io.RawIOBase):
    """A raw stream over a file that stays open when the stream is closed."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._file.readinto(buffer)


def _spooled_stdin() -> io.BufferedReader:
    with tempfile.NamedTemporaryFile() as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.flush()
        return Path(spool.name).open("rb")  # lives on without its name until it is closed
