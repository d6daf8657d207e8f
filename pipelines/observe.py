"""Adds a flush up by operation, service and source, for the exporter."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.columns import Columns, coded, floats, length, take
from pipelines.grouping import group

LABEL_COLUMNS = ("event", "service", "source")


def by_operation(events: Columns) -> Iterator[tuple[tuple[str, ...], int, int, NDArray[np.float64]]]:
    """Give (event, service, source), how many events, how many errors, and the known durations in ms."""
    if not length(events):
        return
    groups = group([events[name] for name in LABEL_COLUMNS])
    keys = _texts(take({name: events[name] for name in LABEL_COLUMNS}, groups.first))
    outcome, durations = coded(events, "outcome"), floats(events, "duration_ms")
    counts = np.bincount(groups.of_row, minlength=groups.size)
    errors = np.bincount(groups.of_row[outcome.is_value("error")], minlength=groups.size)
    timed = np.flatnonzero(~np.isnan(durations))
    order = timed[np.argsort(groups.of_row[timed], kind="stable")]
    bounds = np.searchsorted(groups.of_row[order], np.arange(1, groups.size))
    for number, own in enumerate(np.split(order, bounds)):
        yield keys[number], int(counts[number]), int(errors[number]), durations[own]


def _texts(columns: Columns) -> list[tuple[str, ...]]:
    return list(zip(*(coded(columns, name).texts() for name in LABEL_COLUMNS), strict=True))
