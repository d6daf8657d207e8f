"""Statements, caches and hosts: the views against plain recounts of the same events, and against what is so in the world."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from math import ceil
from typing import Any

import pytest

from local.producer import Record
from local.simulator import world
from pipelines.resources import CACHE_ACCESS, CACHE_MISSES, DB_QUERIES, RESOURCE_USAGE
from sinks.clickhouse import ClickHouse
from tests.sql.handmade import MINUTE_MS, at, feed_with_a_crash, made
from tests.sql.intervals import assert_near, check
from tests.sql.simulation import Event, Simulated, rows_of, start_of

pytestmark = pytest.mark.service

ALWAYS = "since = '2026-01-01 00:00:00', until = '2026-12-01 00:00:00'"
DAY = "since = '2026-04-01 00:00:00', until = '2026-04-02 00:00:00'"


def is_within(event: Event, since: str, until: str) -> bool:
    return at(since) <= int(event["ms"]) < at(until)


def fingerprint_of(statement: str) -> str:
    """Take the literals out of one of the world's statements; lists of them are one, and names stand before their parentheses."""
    without = re.sub(r"'[^']*'|(?<!\w)\d+(?:\.\d+)?(?!\w)", "?", statement)
    return re.sub(r"([a-z_]) \(", r"\1(", re.sub(r"\?(?:, \?)+", "?", without))


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[max(ceil(share * len(values)), 1) - 1]


# --- statements


def test_statements_are_a_recount(machines: Simulated) -> None:
    expected = defaultdict(list)
    for event in machines.named("db.query"):
        context, properties = event["context"], event["properties"]
        key = (start_of(event, 1), fingerprint_of(properties["statement"]), properties["database"])
        expected[(*key, context["service"], context["environment"])].append(properties)
    rows = machines.rows("SELECT * FROM db_queries")
    keys = ("minute", "fingerprint", "database", "service", "environment")
    assert {tuple(row[k] for k in keys) for row in rows} == expected.keys()
    assert len(rows) == len(expected)
    for row in rows:
        own = expected[tuple(row[k] for k in keys)]
        took = [each["duration_ms"] for each in own]
        assert row["count"] == row["outcomes"] == row["duration_count"] == len(own)
        assert row["errors"] == sum(each["outcome"] == "error" for each in own)
        assert row["duration_sum_ms"] == pytest.approx(sum(took), abs=1e-5)
        assert row["duration_max_ms"] == max(took)
        assert sum(row["duration_sketch"].values()) == len(own)
        assert row["rows"] == sum(each["rows"] for each in own)


@pytest.mark.parametrize("period", [ALWAYS, DAY])
def test_slow_statements_are_a_recount(machines: Simulated, period: str) -> None:
    since, until = re.findall("'(.*?)'", period)
    expected = defaultdict(list)
    for event in machines.named("db.query"):
        if is_within(event, since, until):
            key = (fingerprint_of(event["properties"]["statement"]), event["context"]["environment"])
            expected[key].append(event["properties"])
    rows = machines.rows(f"SELECT * FROM slow_queries({period})")
    assert {(row["fingerprint"], row["environment"]) for row in rows} == expected.keys()
    total = sum(each["duration_ms"] for own in expected.values() for each in own)
    for row in rows:
        own = expected[row["fingerprint"], row["environment"]]
        took = [each["duration_ms"] for each in own]
        assert row["queries"] == row["timed"] == row["outcomes"] == len(own)
        assert row["errors"] == sum(each["outcome"] == "error" for each in own)
        assert row["error_rate"] == row["errors"] / len(own)
        assert row["total_ms"] == pytest.approx(sum(took))
        assert row["time_share"] == pytest.approx(sum(took) / total)
        assert row["mean_ms"] == pytest.approx(sum(took) / len(took))
        assert row["max_ms"] == max(took)
        assert row["p50_ms"] == pytest.approx(quantile(took, 0.5), rel=0.0101)
        assert row["p95_ms"] == pytest.approx(quantile(took, 0.95), rel=0.0101)
        assert row["rows_mean"] == pytest.approx(sum(each["rows"] for each in own) / len(own))


def test_statements_fail_as_often_as_the_world_has_it(machines: Simulated) -> None:
    """But for the outage, in which nearly all fail."""
    rows = machines.rows(
        "SELECT sum(outcomes) AS o, sum(errors) AS e, e / o AS share,"
        " wilson_low(e, o) AS share_low, wilson_high(e, o) AS share_high"
        " FROM slow_queries(since = '2026-03-31 00:00:00', until = '2026-04-01 00:00:00')"
    )
    assert rows[0]["o"] > 300
    assert_near([check("all statements", rows[0], "share", world.FAILURE_SHARE["db.query"])])


# --- caches


def test_hits_are_a_recount(machines: Simulated) -> None:
    expected: defaultdict[tuple[Any, ...], list[bool]] = defaultdict(list)
    for event in machines.named("cache.access"):
        context, properties = event["context"], event["properties"]
        key = (start_of(event, 1), properties["cache"], context["service"], context["environment"])
        expected[key].append(properties["hit"])
    rows = machines.rows("SELECT * FROM cache_access")
    assert len(rows) == len(expected)
    for row in rows:
        own = expected[row["minute"], row["cache"], row["service"], row["environment"]]
        assert (row["count"], row["hits"], row["hit_rate"]) == (len(own), sum(own), sum(own) / len(own))


def test_caches_have_what_is_asked_for_as_often_as_declared(machines: Simulated) -> None:
    rows = machines.rows(
        "SELECT cache, sum(count) AS n, sum(hits) AS h, h / n AS share, wilson_low(h, n) AS share_low,"
        " wilson_high(h, n) AS share_high FROM cache_access GROUP BY cache"
    )
    assert {row["cache"] for row in rows} == world.CACHE_HIT_SHARE.keys()
    assert_near([check(row["cache"], row, "share", world.CACHE_HIT_SHARE[row["cache"]]) for row in rows])


@pytest.mark.parametrize("period", [ALWAYS, DAY])
def test_misses_are_a_recount(machines: Simulated, period: str) -> None:
    since, until = re.findall("'(.*?)'", period)
    expected: Counter[tuple[str, str, str]] = Counter()
    of_cache: Counter[tuple[str, str]] = Counter()
    for event in machines.named("cache.access"):
        properties, environment = event["properties"], event["context"]["environment"]
        if is_within(event, since, until) and not properties["hit"]:
            expected[properties["cache"], properties["key"], environment] += 1
            of_cache[properties["cache"], environment] += 1
    rows = machines.rows(f"SELECT * FROM cache_misses({period})")
    assert {(row["cache"], row["key"], row["environment"]): row["misses"] for row in rows} == expected
    for row in rows:
        assert row["share"] == pytest.approx(row["misses"] / of_cache[row["cache"], row["environment"]])
    assert max(expected.values()) > 5


# --- hosts

FIGURES = {"cpu": "cpu_ratio", "memory": "memory_bytes", "connections": "connections"}
UNITS = {"cpu": "", "memory": "_bytes", "connections": ""}


def assert_usage(rows: list[dict[str, Any]], samples: dict[tuple[datetime, str], list[dict[str, Any]]]) -> None:
    assert {(row["minute"], row["host"]) for row in rows} == samples.keys()
    assert len(rows) == len(samples)
    for row in rows:
        own = samples[row["minute"], row["host"]]
        assert row["samples"] == len(own)
        for figure, name in FIGURES.items():
            values = [sample[name] for sample in own if sample.get(name) is not None]
            least, mean, most = (row[f"{figure}_{what}{UNITS[figure]}"] for what in ("min", "mean", "max"))
            assert row[f"{figure}_count"] == len(values)
            assert (least, most) == ((min(values), max(values)) if values else (None, None))
            assert mean == (pytest.approx(sum(values) / len(values), rel=1e-6) if values else None)


def test_usage_is_a_recount(machines: Simulated) -> None:
    samples = defaultdict(list)
    for event in machines.named("resource.sampled"):
        samples[start_of(event, 1), event["properties"]["host"]].append(event["properties"])
    assert_usage(machines.rows("SELECT * FROM resource_usage"), samples)


# --- what the simulated world does not do: figures that are not there, statements in many guises, ends of periods

START = at("2026-05-01T10:00:00")


def query(after_ms: int, statement: str, **properties: Any) -> Record:
    return made("db.query", START + after_ms, statement=statement, database="d", **properties)


def miss(after_ms: int, key: str, *, hit: bool = False) -> Record:
    return made("cache.access", START + after_ms, cache="c", key=key, hit=hit)


SAMPLES: tuple[dict[str, Any], ...] = (
    {"cpu_ratio": 0.0},
    {"cpu_ratio": 1.0, "memory_bytes": 2**40 + 1},
    {"memory_bytes": 0},
    {"memory_bytes": 3, "connections": None},
)


def stream() -> Iterator[Record]:
    yield query(0, "SELECT a FROM t WHERE b = 1", duration_ms=10, outcome="ok", rows=3)
    yield query(1, "select  a from t where b='x'", duration_ms=30, outcome="error")
    yield query(2, "SELECT a FROM t WHERE b = 3 -- why", duration_ms=20)
    yield query(3, "SELECT a FROM t WHERE b = 4", outcome="ok", rows=5)
    yield query(4, "load")  # a statement that has a name, and neither duration nor outcome
    yield query(-1, "before", duration_ms=1)
    yield query(10 * MINUTE_MS - 1, "the last", duration_ms=0)
    yield query(10 * MINUTE_MS, "after", duration_ms=1)
    yield miss(-1, "before")
    yield miss(0, "k")
    yield miss(1, "k")
    yield miss(2, "k", hit=True)
    yield miss(3, "")
    yield miss(10 * MINUTE_MS - 1, "last")
    yield miss(10 * MINUTE_MS, "after")
    for number, sample in enumerate(SAMPLES):
        yield made("resource.sampled", START + number * 1000, host="h", **sample)
    yield made("resource.sampled", START + MINUTE_MS, host="h")  # a minute later, and it says nothing


TEN_MINUTES = "since = '2026-05-01 10:00:00', until = '2026-05-01 10:10:00'"


@pytest.fixture(scope="module")
def made_by_hand(store: ClickHouse) -> ClickHouse:
    feed_with_a_crash(store, stream(), (DB_QUERIES, CACHE_ACCESS, CACHE_MISSES, RESOURCE_USAGE), ())
    return store


def test_guises_of_a_statement_are_one_and_a_period_ends_before_its_end(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, f"SELECT * FROM slow_queries({TEN_MINUTES}) ORDER BY total_ms DESC, fingerprint")
    one, named, last = rows[0], rows[1], rows[2]
    assert [row["fingerprint"] for row in rows] == ["SELECT a FROM t WHERE b = ?", "load", "the last"]
    assert (one["queries"], one["timed"], one["total_ms"], one["mean_ms"], one["max_ms"]) == (4, 3, 60, 20, 30)
    assert (one["outcomes"], one["errors"], one["error_rate"]) == (3, 1, 1 / 3)
    assert (one["p50_ms"], one["p95_ms"]) == (pytest.approx(20, rel=0.01), pytest.approx(30, rel=0.01))
    assert (one["time_share"], last["time_share"]) == (1, 0)
    assert (named["queries"], named["timed"], named["outcomes"]) == (1, 0, 0)
    assert named["mean_ms"] is named["max_ms"] is named["error_rate"] is None


def test_what_a_statement_without_durations_has_for_percentiles_is_not_a_number(made_by_hand: ClickHouse) -> None:
    rows = rows_of(
        made_by_hand, f"SELECT isNaN(p50_ms) AS a, isNaN(p95_ms) AS b FROM slow_queries({TEN_MINUTES}) WHERE timed = 0"
    )
    assert rows == [{"a": 1, "b": 1}]


def test_keys_that_missed_are_counted_in_windows_that_begin_in_the_period(made_by_hand: ClickHouse) -> None:
    rows = rows_of(
        made_by_hand, f"SELECT key, misses, share FROM cache_misses({TEN_MINUTES}) ORDER BY misses DESC, key"
    )
    assert [(row["key"], row["misses"], row["share"]) for row in rows] == [
        ("k", 2, 0.5),
        ("", 1, 0.25),
        ("last", 1, 0.25),
    ]


def test_a_mean_is_of_the_samples_that_carried_the_figure(made_by_hand: ClickHouse) -> None:
    first = datetime.fromisoformat("2026-05-01T10:00")
    samples: dict[tuple[datetime, str], list[dict[str, Any]]] = {
        (first, "h"): list(SAMPLES),
        (first.replace(minute=1), "h"): [{}],
    }
    rows = rows_of(made_by_hand, "SELECT * FROM resource_usage ORDER BY minute")
    assert_usage(rows, samples)
    assert (rows[0]["cpu_mean"], rows[0]["connections_mean"]) == (0.5, None)
