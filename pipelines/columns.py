"""Columns of a micro-batch, in the two forms that grouping is fast on: coded text and plain numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

UNKNOWN = ""
"""What an absent text is called in dimensions: a row key has no nulls."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A text column: `values[codes[i]]` is the text of row i; absent text is UNKNOWN.

    Attributes:
        codes: shape (n,), int32.
        values: the distinct texts, each once.
    """

    codes: NDArray[np.int32]
    values: list[str]

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> "Coded":
        """Encode texts."""
        return cls.from_arrow(pa.array(texts, type=pa.string()))

    @classmethod
    def from_arrow(cls, texts: pa.StringArray) -> "Coded":
        """Encode an Arrow array of strings."""
        encoded = texts.dictionary_encode()
        values: list[str] = encoded.dictionary.to_pylist()
        if encoded.null_count:
            # The empty text and the absent one are the same UNKNOWN, so they share a code.
            unknown = values.index(UNKNOWN) if UNKNOWN in values else len(values)
            values = [*values, UNKNOWN] if unknown == len(values) else values
            return cls(encoded.indices.fill_null(unknown).to_numpy(zero_copy_only=False), values)
        return cls(encoded.indices.to_numpy(), values)

    def to_arrow(self) -> pa.DictionaryArray:
        """Give the column as Arrow's dictionary array."""
        return pa.DictionaryArray.from_arrays(pa.array(self.codes), pa.array(self.values, pa.string()))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Coded":
        """Keep some rows."""
        return Coded(self.codes[rows], self.values)

    def is_value(self, value: str) -> NDArray[np.bool_]:
        """Tell for each row whether it has this text."""
        try:
            code = self.values.index(value)
        except ValueError:
            return np.zeros(len(self.codes), dtype=bool)
        return np.equal(self.codes, code)

    def mapped(self, change: Callable[[str], str]) -> "Coded":
        """Change every text, each distinct one once; the unknown stays unknown."""
        changed = pa.array([change(text) if text else UNKNOWN for text in self.values], pa.string())
        encoded = changed.dictionary_encode()
        return Coded(encoded.indices.to_numpy()[self.codes], encoded.dictionary.to_pylist())

    def texts(self) -> Iterator[str]:
        """Give the text of each row."""
        return map(self.values.__getitem__, self.codes)

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class Texts:
    """A text column of many distinct values: an Arrow array of strings, null for unknown; coded only where it must be."""

    array: pa.StringArray

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Texts":
        """Keep some rows."""
        chosen = pa.array(rows)
        return Texts(self.array.filter(chosen) if rows.dtype == np.bool_ else self.array.take(chosen))

    def to_arrow(self) -> pa.StringArray:
        """Give the column as Arrow strings, unknown as UNKNOWN."""
        return self.array.fill_null(UNKNOWN)

    def __len__(self) -> int:
        return len(self.array)


Number = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.int16]
"""Numbers, booleans (0, 1) and times (ms since 1970) are float64 with NaN for unknown; keys are int64; sketch buckets int16."""

Column = Coded | Texts | Number

Columns = Mapping[str, Column]


def length(columns: Columns) -> int:
    """Count the rows."""
    return len(next(iter(columns.values()))) if columns else 0


def take(columns: Columns, rows: NDArray[np.intp] | NDArray[np.bool_]) -> dict[str, Column]:
    """Keep some rows of every column."""
    return {name: _taken(column, rows) for name, column in columns.items()}


def _taken(column: Column, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Column:
    return column.take(rows) if isinstance(column, Coded | Texts) else column[rows]


def scattered(column: Coded | Texts, rows: NDArray[np.intp], size: int) -> Coded:
    """Put the texts of a column into these of `size` rows; the others are unknown."""
    own = column if isinstance(column, Coded) else Coded.from_arrow(column.array)
    values = own.values if UNKNOWN in own.values else [*own.values, UNKNOWN]
    codes = np.full(size, values.index(UNKNOWN), dtype=np.int32)
    codes[rows] = own.codes
    return Coded(codes, values)


def coded(columns: Columns, name: str) -> Coded:
    """Read a text column. Raises TypeError for a column of numbers."""
    column = columns[name]
    if isinstance(column, Texts):
        return Coded.from_arrow(column.array)
    if not isinstance(column, Coded):
        raise TypeError(f"column {name} holds numbers, expected text")
    return column


def floats(columns: Columns, name: str) -> NDArray[np.float64]:
    """Read a column of numbers, NaN for unknown. Raises TypeError for text."""
    return _plain(columns, name).astype(np.float64, copy=False)


def integers(columns: Columns, name: str) -> NDArray[np.int64]:
    """Read a column of whole numbers. Raises TypeError for text."""
    return _plain(columns, name).astype(np.int64, copy=False)


def _plain(columns: Columns, name: str) -> Number:
    column = columns[name]
    if isinstance(column, Coded | Texts):
        raise TypeError(f"column {name} holds text, expected numbers")
    return column


def numbers(values: Sequence[float | bool | None]) -> NDArray[np.float64]:
    """Make a column of numbers, None becoming NaN."""
    return np.array(values, dtype=np.float64)


def moments(values: Sequence[datetime | None]) -> NDArray[np.float64]:
    """Make a column of times, in whole ms since 1970 (UTC), None becoming NaN."""
    microseconds = pa.array(values, pa.timestamp("us", "UTC")).cast(pa.int64()).cast(pa.float64())
    milliseconds: NDArray[np.float64] = np.floor(microseconds.to_numpy(zero_copy_only=False) / 1000)
    return milliseconds
