"""The declaration of a rollup: what it derives, what it refuses, and that the tables have the columns it writes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from pipelines.facts import Facts
from pipelines.rollup import (
    WINDOW_KEYS,
    Count,
    Rollup,
    count,
    equals,
    known,
    max_of,
    min_of,
    sketch_of,
    sum_of,
)
from pipelines.rollups import FACTS, ROLLUPS
from tests.pipelines.tables import declared


def rollup(**changes: Any) -> Rollup:
    given: dict[str, Any] = {
        "name": "searches",
        "table": "searches_rows",
        "dimensions": ("event",),
        "measures": {"count": count()},
        "window": timedelta(seconds=10),
    }
    return Rollup(**{**given, **changes})


def test_two_sketches_are_refused() -> None:
    with pytest.raises(ValueError, match="searches: at most one sketch"):
        rollup(measures={"a": sketch_of("duration_ms"), "b": sketch_of("duration_ms")})


def test_a_version_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="searches: `version`"):
        rollup(measures={"version": count()})


def test_keys_are_the_window_and_the_dimensions() -> None:
    assert rollup(dimensions=("event", "service")).keys == (*WINDOW_KEYS, "event", "service")


def test_the_version_counts_events_beside_the_declared_measures() -> None:
    declared_here = rollup(measures={"longest": max_of("duration_ms"), "sketch": sketch_of("duration_ms")})
    assert declared_here.scalars == {"longest": max_of("duration_ms"), "version": Count()}
    assert declared_here.sketch == ("sketch", sketch_of("duration_ms"))
    assert rollup().sketch is None


def test_the_columns_it_reads_are_those_of_dimensions_measures_and_conditions() -> None:
    measures = {
        "errors": count(where=equals("outcome", "error")),
        "sum": sum_of("duration_ms"),
        "least": min_of("rank"),
    }
    assert rollup(measures=measures, where=known("feature")).columns == {
        *("event", "outcome", "duration_ms", "rank", "feature")
    }


def test_windows_are_counted_in_ms() -> None:
    assert rollup(window=timedelta(minutes=1)).window_ms == 60_000


@pytest.mark.parametrize("items", [ROLLUPS, FACTS])
def test_names_and_tables_are_used_once(items: Sequence[Rollup | Facts]) -> None:
    assert len({item.name for item in items}) == len({item.table for item in items}) == len(items)


@pytest.mark.parametrize("item", ROLLUPS, ids=lambda item: item.name)
def test_the_table_of_a_rollup_has_its_columns_and_is_keyed_by_its_keys(item: Rollup) -> None:
    table = declared()[item.table]
    assert set(table.columns) == {*item.keys, *item.measures, "version"}
    assert set(table.key) == set(item.keys)
    assert table.version == "version"


@pytest.mark.parametrize("item", FACTS, ids=lambda item: item.name)
def test_the_table_of_facts_has_its_columns_and_is_keyed_by_where_a_row_came_from(item: Facts) -> None:
    table = declared()[item.table]
    written = {"time", "received_at", "late", "partition", "offset", *item.columns}
    assert set(table.columns) - {"inserted_at"} == written
    assert {"partition", "offset"} <= set(table.key)
    assert table.version is None
