"""Groups the rows of a micro-batch by several columns at once, without a Python statement per row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.columns import Coded, Column, Texts

TABLE_LIMIT = 1 << 18
"""Up to this many possible keys, groups are found by a table instead of a sort."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows that agree in all key columns.

    Attributes:
        of_row: shape (n,), the group of each row, 0 .. size - 1.
        first: shape (size,), one row of each group, from which its keys are read.
    """

    of_row: NDArray[np.intp]
    first: NDArray[np.intp]

    @property
    def size(self) -> int:
        """Count the groups."""
        return len(self.first)


def group(keys: Sequence[Column]) -> Groups:
    """Group rows by text and whole-number columns (at least one column, at least one row)."""
    combined, possible = _compact(keys[0])
    for column in keys[1:]:
        codes, more = _compact(column)
        if possible * more >= 2**62:
            combined, possible = _dense(combined, possible)
        combined, possible = combined * more + codes, possible * more
    of_row, size = _dense(combined, possible)
    first = np.empty(size, dtype=np.intp)
    first[of_row] = np.arange(len(of_row))
    return Groups(of_row, first)


def _compact(column: Column) -> tuple[NDArray[np.int64], int]:
    """Turn a column into codes from 0 and say how many codes are possible."""
    if isinstance(column, Texts):
        column = Coded.from_arrow(column.array)
    if isinstance(column, Coded):
        return column.codes.astype(np.int64), max(len(column.values), 1)
    lowest = int(column.min())
    span = int(column.max()) - lowest + 1
    if span > TABLE_LIMIT:
        # Windows or partitions that lie far apart: a table over the span would be mostly empty.
        values, codes = np.unique(column, return_inverse=True)
        return codes.astype(np.int64), len(values)
    return column.astype(np.int64) - lowest, span


def _dense(codes: NDArray[np.int64], possible: int) -> tuple[NDArray[np.int64], int]:
    """Number the codes that occur from 0, without gaps."""
    if possible > max(TABLE_LIMIT, 4 * len(codes)):
        values, dense = np.unique(codes, return_inverse=True)
        return dense.astype(np.int64), len(values)
    present = np.bincount(codes, minlength=possible) > 0
    numbering = np.cumsum(present) - 1
    return numbering[codes], int(numbering[-1]) + 1
