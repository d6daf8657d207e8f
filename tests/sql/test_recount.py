"""The law "stream = recount": what the pipeline counted is what SQL compiled from the same declarations finds in the archive."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli.recount import Finding, Period, compare, look_again
from pipelines.archive import ARCHIVE
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.to_sql import Comparison, facts_comparison, rollup_comparison
from sinks.clickhouse import ClickHouse
from tests import endpoint
from tests.sql.generated import generated

pytestmark = pytest.mark.service

COMPARISONS = [rollup_comparison(rollup) for rollup in ROLLUPS]
COMPARISONS += [facts_comparison(facts) for facts in FACTS if facts is not ARCHIVE]
BY_NAME = {comparison.name: comparison for comparison in COMPARISONS}
EVERYTHING = Period(0, int(time.time() * 1000) + 10**9, int(time.time() * 1000) + 10**9)


@pytest.fixture(scope="module")
def fed(store: ClickHouse) -> ClickHouse:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(endpoint, "STEP", 1_500)
        endpoint.feed(store, generated(seed=5, count=6_000))
    return store


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.name)
def test_the_stream_is_the_recount(fed: ClickHouse, comparison: Comparison) -> None:
    finding = compare(fed, comparison, EVERYTHING)
    assert finding.differences == ()
    assert finding.differing == 0
    assert finding.rows > 0
    assert finding.stored == finding.recounted >= finding.rows


def test_every_verdict_is_among_the_events(fed: ClickHouse) -> None:
    counts = fed.query("SELECT sum(counted), sum(duplicate), sum(rejected), sum(late) FROM ledger")[0]
    assert min(counts) > 50


def test_an_hour_is_the_sum_of_its_windows(fed: ClickHouse) -> None:
    figures = (
        "sum(count), sum(outcomes), sum(errors), sum(duration_count), round(sum(duration_sum_ms), 3), max(duration_max_ms), "
        "sumMap(duration_sketch)"
    )
    keys = "toStartOfHour(window_start) AS hour, event, service, source, release, environment"
    select = f"SELECT {keys}, {figures} FROM {{view}} GROUP BY ALL ORDER BY ALL"
    hourly, windows = (fed.query(select.format(view=view)) for view in ("operations_hourly", "operations"))
    assert hourly == windows
    assert len(hourly) > 100


@contextmanager
def additional_row(store: ClickHouse, comparison: Comparison) -> Iterator[None]:
    """Put a row of one event into a table, three days before all others."""
    own = "time" if "late_rows" in comparison.measures else "window_start"
    version = "" if own == "time" else ", 1 AS version"
    row = f"SELECT * REPLACE ({own} - INTERVAL 3 DAY AS {own}{version}) FROM {comparison.table} LIMIT 1"
    store.command(f"INSERT INTO {comparison.table} {row}")
    yield
    old = f"{own} < (SELECT max({own}) FROM {comparison.table}) - INTERVAL 1 DAY"
    store.command(f"ALTER TABLE {comparison.table} DELETE WHERE {old} SETTINGS mutations_sync = 2")


@pytest.mark.parametrize(
    "name", ["operations", "db_queries", "resource_usage", "cache_misses", "ledger", "data_access"]
)
def test_a_row_that_the_archive_lacks_is_found(fed: ClickHouse, name: str) -> None:
    with additional_row(fed, BY_NAME[name]):
        finding = compare(fed, BY_NAME[name], EVERYTHING)
    assert finding.differing == len(finding.differences) == 1
    stored, recounted = finding.differences[0].measures["events"]
    assert (stored, recounted) == (str(finding.stored - finding.recounted), None)


def test_a_minute_of_rejects_alone_is_no_difference(fed: ClickHouse) -> None:
    rejects = "SELECT min(window_start) - INTERVAL 3 DAY, 0, 1, 5, 0, 2, 3, 0, 5 FROM ledger_rows"
    fed.command(f"INSERT INTO ledger_rows {rejects}")
    finding = compare(fed, BY_NAME["ledger"], EVERYTHING)
    old = "window_start < (SELECT max(window_start) FROM ledger_rows) - INTERVAL 1 DAY"
    fed.command(f"ALTER TABLE ledger_rows DELETE WHERE {old} SETTINGS mutations_sync = 2")
    assert finding.differences == ()


def test_a_row_that_the_table_lacks_is_found(fed: ClickHouse) -> None:
    more = "SELECT * REPLACE (offset + 1000000 AS offset) FROM events_rows WHERE event = 'probe.checked' LIMIT 1"
    fed.command(f"INSERT INTO events_rows {more}")
    finding = compare(fed, BY_NAME["availability"], EVERYTHING)
    fed.command("ALTER TABLE events_rows DELETE WHERE offset >= 1000000 SETTINGS mutations_sync = 2")
    assert finding.differing == 1
    assert finding.recounted == finding.stored + 1


@pytest.fixture
def spoilt(fed: ClickHouse) -> Iterator[ClickHouse]:
    """Give the tables for spoiling: operations_rows is as before afterwards."""
    fed.command("CREATE TABLE kept ENGINE = Memory AS SELECT * FROM operations_rows FINAL")
    yield fed
    for statement in (
        "TRUNCATE TABLE operations_rows",
        "INSERT INTO operations_rows SELECT * FROM kept",
        "DROP TABLE kept",
    ):
        fed.command(statement)


@pytest.mark.parametrize(
    ("measure", "wrong"),
    [
        ("count", "count + 1"),
        ("duration_sum_ns", "duration_sum_ns - 1"),
        ("duration_max_ms", "duration_max_ms + 0.001"),
        ("duration_max_ms", "NULL"),
        ("duration_sketch", "mapApply((k, v) -> (toInt16(k + 1), v), duration_sketch)"),
    ],
)
def test_a_wrong_measure_is_found_and_named(spoilt: ClickHouse, measure: str, wrong: str) -> None:
    keys = ", ".join(BY_NAME["operations"].keys)
    single = f"({keys}) IN (SELECT {keys} FROM operations_rows FINAL GROUP BY {keys} HAVING count() = 1)"
    changed = f"SELECT * REPLACE ({wrong} AS {measure}, version + 1000 AS version) FROM operations_rows FINAL"
    spoilt.command(f"INSERT INTO operations_rows {changed} WHERE duration_count > 0 AND {single} LIMIT 1")
    finding = compare(spoilt, BY_NAME["operations"], EVERYTHING)
    assert [set(difference.measures) for difference in finding.differences] == [{measure, "events"}]


def test_young_windows_are_not_judged(fed: ClickHouse) -> None:
    with additional_row(fed, BY_NAME["resource_usage"]):
        finding = compare(fed, BY_NAME["resource_usage"], Period(0, EVERYTHING.until, settled=0))
    assert (finding.differing, finding.moving, finding.differences) == (0, 1, ())


def test_a_row_that_was_only_a_moment_behind_is_taken_back(fed: ClickHouse) -> None:
    with additional_row(fed, BY_NAME["cache_misses"]):
        first = compare(fed, BY_NAME["cache_misses"], EVERYTHING)
        still = look_again(fed, first, EVERYTHING)
    again = look_again(fed, first, EVERYTHING)
    assert (first.differing, still.differing, again.differing) == (1, 1, 0)


def test_a_period_is_kept_to(fed: ClickHouse) -> None:
    comparison = BY_NAME["availability"]
    middle = int(fed.query("SELECT toUnixTimestamp(min(window_start) + 7200) FROM availability_rows")[0][0]) * 1000
    parts: list[Finding] = [
        compare(fed, comparison, Period(0, middle, EVERYTHING.settled)),
        compare(fed, comparison, Period(middle, EVERYTHING.until, EVERYTHING.settled)),
    ]
    assert all(part.rows > 0 and part.differing == 0 for part in parts)
    assert sum(part.stored for part in parts) == compare(fed, comparison, EVERYTHING).stored
