"""Searches that find nothing: the view against a plain recount of the same events."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from sinks.clickhouse import ClickHouse
from tests.endpoint import feed
from tests.sql.handmade import made

pytestmark = pytest.mark.service

START_MS = 1_772_409_600_000  # 2026-03-02
RESULTS = [0, 3, None, 0, 7, 0, None, 1]
SERVICES = ["web", "web", "tablet"]


@pytest.fixture(scope="module")
def searched(store: ClickHouse) -> list[tuple[int, str, int | None]]:
    """Searches as (time in ms, service, results), one every seven seconds for ten minutes, and other events between them."""
    searches = [
        (START_MS + number * 7_000, SERVICES[number % 3], RESULTS[number % len(RESULTS)]) for number in range(85)
    ]
    searches.append((START_MS + 3_600_000, "silent about its results", None))
    records = []
    for time, service, results in searches:
        records.append(made("library.search", time, "u-1", service=service, results_count=results))
        records.append(made("feature.used", time, "u-1", service=service, feature="search", results_count=0))
    feed(store, records)
    return searches


def test_the_view_is_the_recount(store: ClickHouse, searched: list[tuple[int, str, int | None]]) -> None:
    expected: defaultdict[tuple[datetime, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for time, service, results in searched:
        counts = expected[datetime.fromtimestamp(time // 60_000 * 60, UTC).replace(tzinfo=None), service]
        counts[0] += 1
        counts[1] += results is not None
        counts[2] += results == 0
    rows = store.query("SELECT minute, service, count, answered, without_result FROM searches")
    found: dict[tuple[Any, str], list[int]] = {
        (minute.replace(tzinfo=None), service): counts for minute, service, *counts in rows
    }
    assert found == expected


def test_a_share_is_of_the_searches_that_say_how_much_they_found(store: ClickHouse, searched: Any) -> None:
    rows = store.query(
        "SELECT answered, without_result, without_result_share, without_result_share_low, without_result_share_high "
        "FROM searches"
    )
    assert min(answered for answered, *_ in rows) == 0 < max(answered for answered, *_ in rows)
    for answered, without, share, low, high in rows:
        if answered:
            assert share == pytest.approx(without / answered)
            assert low <= share <= high
        else:
            assert share is None
