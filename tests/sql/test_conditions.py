"""The law "stream = recount" for each kind of value that a condition can ask for, in columns of each kind."""

from datetime import timedelta
from typing import Any

import pytest

from cli.recount import Period, compare
from pipelines.archive import ARCHIVE
from pipelines.rollup import Condition, Rollup, count, equals, known
from pipelines.to_sql import rollup_comparison
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed
from tests.sql.handmade import made

pytestmark = pytest.mark.service

START_MS = 1_772_409_600_000  # 2026-03-02
TABLE = "conditions_rows"

CONDITIONS: dict[str, tuple[Condition, int]] = {
    "zero": (equals("results_count", 0), 2),
    "one": (equals("results_count", 1), 1),
    "number_known": (known("results_count"), 4),
    "text_zero": (equals("code", "0"), 2),
    "text_of_a_number": (equals("code", 0), 2),
    "text_of_false": (equals("code", False), 1),
    "text_known": (known("code"), 4),
    "yes": (equals("hit", True), 1),
    "no": (equals("hit", False), 2),
    "bool_known": (known("hit"), 3),
}
"""Name of a measure -> its condition, and how many of the events below meet it."""
VALUES: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "library.search": ({}, [0, 0, 1, 7, None]),
    "error.raised": ({"kind": "x"}, ["0", "0", "False", "1", "", None]),
    "cache.access": ({"cache": "c"}, [True, False, False]),
}
"""Event -> what it must have besides, and the values of the property that is asked for."""
PROPERTY = {"library.search": "results_count", "error.raised": "code", "cache.access": "hit"}

MADE = Rollup(
    name="conditions",
    table=TABLE,
    dimensions=("environment",),
    measures={name: count(where=condition) for name, (condition, _) in CONDITIONS.items()},
    window=timedelta(minutes=1),
    events=tuple(VALUES),
)


@pytest.fixture(scope="module")
def fed(store: ClickHouse) -> ClickHouse:
    """A table of a rollup that counts by every condition, filled from events that have the value, another, or none."""
    measures = ", ".join(f"{name} UInt64" for name in (*MADE.measures, "version"))
    store.command(
        f"CREATE TABLE {TABLE} (window_start DateTime('UTC'), environment String, partition UInt32, late_block UInt64, "
        f"{measures}) ENGINE = ReplacingMergeTree(version) ORDER BY (window_start, environment, partition, late_block)"
    )
    records = [
        made(event, START_MS + place, **needed, **({} if value is None else {PROPERTY[event]: value}))
        for event, (needed, values) in VALUES.items()
        for place, value in enumerate(values)
    ]
    feed(store, records, [MADE], [ARCHIVE])
    return store


@pytest.mark.parametrize("side", ["stored", "recounted"])
@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_holds_for_what_it_says(fed: ClickHouse, name: str, side: str) -> None:
    comparison = rollup_comparison(MADE)
    select = comparison.stored if side == "stored" else comparison.recounted
    parameters = {"since": START_MS, "until": START_MS + 60_000}
    assert fed.query(f"SELECT sum({name}) FROM ({select})", parameters) == [(CONDITIONS[name][1],)]


def test_the_stream_is_the_recount(fed: ClickHouse) -> None:
    finding = compare(fed, rollup_comparison(MADE), Period(0, START_MS + 60_000, START_MS + 60_000))
    assert (finding.rows, finding.differences) == (1, ())
