"""Adds a step's events up for the exporter: by operation, service and source, and probes by target."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.columns import UNKNOWN, Columns, coded, floats, length, take
from pipelines.events import Events
from pipelines.grouping import group

LABEL_COLUMNS = ("event", "service", "source")
PROBE = "probe.checked"


def by_operation(events: Columns) -> Iterator[tuple[tuple[str, ...], int, int, int, NDArray[np.float64]]]:
    """Give (event, service, source), how many events, outcomes and errors, and the known durations in ms."""
    if not length(events):
        return
    groups = group([events[name] for name in LABEL_COLUMNS])
    keys = _texts(take({name: events[name] for name in LABEL_COLUMNS}, groups.first))
    outcome, durations = coded(events, "outcome"), floats(events, "duration_ms")
    counts = np.bincount(groups.of_row, minlength=groups.size)
    outcomes = np.bincount(groups.of_row[~outcome.is_value(UNKNOWN)], minlength=groups.size)
    errors = np.bincount(groups.of_row[outcome.is_value("error")], minlength=groups.size)
    timed = np.flatnonzero(~np.isnan(durations))
    order = timed[np.argsort(groups.of_row[timed], kind="stable")]
    bounds = np.searchsorted(groups.of_row[order], np.arange(1, groups.size))
    for number, own in enumerate(np.split(order, bounds)):
        yield keys[number], int(counts[number]), int(outcomes[number]), int(errors[number]), durations[own]


def by_target(events: Events) -> dict[str, tuple[int, int]]:
    """Give for each target that was probed how many probes there were, and how many were answered."""
    probes = events.of((PROBE,), {"target", "up"})
    if probes is None:
        return {}
    target, answered = coded(probes, "target"), floats(probes, "up") == 1
    asked = {name: target.is_value(name) for name in target.values}
    return {name: (int(own.sum()), int((own & answered).sum())) for name, own in asked.items() if own.any()}


def _texts(columns: Columns) -> list[tuple[str, ...]]:
    return list(zip(*(coded(columns, name).texts() for name in LABEL_COLUMNS), strict=True))
