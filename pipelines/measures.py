"""Evaluates measures on the columns of a micro-batch, group by group, and merges partials exactly."""

import numpy as np
from numpy.typing import NDArray

from pipelines.columns import UNKNOWN, Coded, Columns, Texts, coded, floats, integers
from pipelines.grouping import Groups
from pipelines.rollup import Condition, Count, Extreme, Sketch, Sum

Scalar = Count | Sum | Extreme
Partial = NDArray[np.int64] | NDArray[np.float64]
"""One number a group: int64 for counts and sums, float64 (NaN: no event carried it) for extremes."""

BUCKET_BITS = 16
"""A sketch entry packs the group and the bucket into one int64: group << 16 | (bucket + 32768)."""
BUCKET_OFFSET = 1 << (BUCKET_BITS - 1)


def holds(condition: Condition, columns: Columns) -> NDArray[np.bool_]:
    """Tell for each row whether the condition holds; an unknown value satisfies none."""
    if isinstance(columns[condition.column], Coded | Texts):
        texts = coded(columns, condition.column)
        return ~texts.is_value(UNKNOWN) if condition.value is None else texts.is_value(str(condition.value))
    values = floats(columns, condition.column)
    return ~np.isnan(values) if condition.value is None else np.equal(values, float(condition.value))


def partial(measure: Scalar, columns: Columns, groups: Groups) -> Partial:
    """Evaluate a measure: one number for each group."""
    if isinstance(measure, Count):
        rows = groups.of_row if measure.where is None else groups.of_row[holds(measure.where, columns)]
        return np.bincount(rows, minlength=groups.size)
    values = floats(columns, measure.column)
    present = ~np.isnan(values)
    rows, values = groups.of_row[present], values[present]
    if isinstance(measure, Sum):
        total = np.zeros(groups.size, dtype=np.int64)
        np.add.at(total, rows, np.floor(values * measure.scale + 0.5).astype(np.int64))
        return total
    extreme = np.full(groups.size, np.nan)
    (np.fmin if measure.which == "min" else np.fmax).at(extreme, rows, values)
    return extreme


def merge_into(measure: Scalar, state: Partial, slots: NDArray[np.intp], values: Partial) -> None:
    """Merge partials into the slots (each at most once) of a state of the same kind."""
    if isinstance(measure, Extreme):
        pick = np.fmin if measure.which == "min" else np.fmax
        state[slots] = pick(state[slots], values)
    else:
        state[slots] += values


def empty(measure: Scalar, size: int) -> Partial:
    """Make a state to which nothing was merged yet."""
    return np.full(size, np.nan) if isinstance(measure, Extreme) else np.zeros(size, dtype=np.int64)


def sketch_entries(measure: Sketch, columns: Columns, groups: Groups) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the values in each bucket of each group: packed entries, ascending, and how many values each holds."""
    values = floats(columns, measure.column)
    present = ~np.isnan(values)
    return packed(groups.of_row[present], integers(columns, measure.bucket_column)[present])


def packed(groups: NDArray[np.intp], buckets: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pack (group, bucket) pairs and count equal ones."""
    entries = (groups.astype(np.int64) << BUCKET_BITS) | (buckets + BUCKET_OFFSET)
    return add_up(entries, np.ones(len(entries), dtype=np.int64))


def unpacked(entries: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give back the groups and the buckets of packed entries."""
    return entries >> BUCKET_BITS, (entries & ((1 << BUCKET_BITS) - 1)) - BUCKET_OFFSET


def add_up(entries: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Merge equal entries by adding their counts; the entries come back ascending."""
    if not len(entries):
        return entries, counts
    order = np.argsort(entries, kind="stable")
    entries, counts = entries[order], counts[order]
    starts = np.flatnonzero(np.concatenate(([True], entries[1:] != entries[:-1])))
    return entries[starts], np.add.reduceat(counts, starts)
