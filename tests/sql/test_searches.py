"""Searches that find nothing: the view against a plain recount, of a few searches made by hand and of the simulated world's."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from sinks.clickhouse import ClickHouse
from tests import endpoint
from tests.sql.handmade import made
from tests.sql.simulation import Simulated

pytestmark = pytest.mark.service

START_MS = 1_772_409_600_000  # 2026-03-02
RESULTS = [0, 3, None, 0, 7, 0, None, 1]
SERVICES = ["web", "web", "tablet"]
USERS = 7

Search = tuple[int, str, str, int | None]
"""Time in ms, service, environment, results."""
Counts = dict[tuple[datetime, str, str], list[int]]
"""Minute, service, environment -> searches, those that say how much they found, those that found nothing."""


def recount(searches: Iterable[Search]) -> Counts:
    counts: Counts = defaultdict(lambda: [0, 0, 0])
    for ms, service, environment, results in searches:
        own = counts[datetime.fromtimestamp(ms // 60_000 * 60, UTC), service, environment]
        own[0] += 1
        own[1] += results is not None
        own[2] += results == 0
    return dict(counts)


def shown(store: ClickHouse) -> Counts:
    rows = store.query("SELECT minute, service, environment, count, answered, without_result FROM searches")
    found = {
        (minute.replace(tzinfo=UTC), service, environment): counts for minute, service, environment, *counts in rows
    }
    assert len(found) == len(rows), "two rows of one minute, service and environment"
    return found


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Wilson's score interval at 95 %."""
    z = 1.959963984540054
    middle, half = hits + z**2 / 2, z * (hits * (total - hits) / total + z**2 / 4) ** 0.5
    return (middle - half) / (total + z**2), (middle + half) / (total + z**2)


@pytest.fixture(scope="module")
def searched(store: ClickHouse) -> list[Search]:
    """Searches of several users, so in several partitions; the last ones are late; others events lie between them."""
    searches = [
        (START_MS + number * 3_000, SERVICES[number % 3], "production", RESULTS[number % len(RESULTS)])
        for number in range(400)
    ]
    searches.append((START_MS + 3_600_000, "silent about its results", "staging", None))
    searches += [(START_MS + number * 3_000, "web", "production", 0) for number in range(30)]
    records = []
    for number, (ms, service, environment, results) in enumerate(searches):
        context = {"service": service, "environment": environment}
        user = f"u-{number % USERS}"
        records.append(made("library.search", ms, user, context=context, results_count=results))
        records.append(made("feature.used", ms, user, context=context, feature="search", results_count=0))
    # Few records a step: the rows of a minute are written before it is whole, and again when it is.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(endpoint, "STEP", 25)
        endpoint.feed(store, records)
    return searches


def test_the_view_is_the_recount(store: ClickHouse, searched: list[Search]) -> None:
    assert shown(store) == recount(searched)


def test_the_events_are_what_a_view_can_get_wrong(store: ClickHouse, searched: list[Search]) -> None:
    (versions, partitions, late) = store.query(
        "SELECT count() - uniqExact(window_start, service, environment, partition, late_block), uniqExact(partition), "
        "countIf(late_block > 0) FROM searches_rows"
    )[0]
    assert versions > 0
    assert partitions > 1
    assert late > 0


def test_a_share_is_of_the_searches_that_say_how_much_they_found(store: ClickHouse, searched: list[Search]) -> None:
    rows = store.query(
        "SELECT answered, without_result, without_result_share, without_result_share_low, without_result_share_high "
        "FROM searches"
    )
    assert min(answered for answered, *_ in rows) == 0 < max(answered for answered, *_ in rows)
    for answered, without, *share in rows:
        expected = (without / answered, *wilson(without, answered)) if answered else (None, None, None)
        assert share == pytest.approx(expected)


def test_the_simulated_searches_are_counted(simulated: Simulated) -> None:
    events = simulated.named("library.search")
    searches = [
        (
            event["ms"],
            *(event["context"][name] for name in ("service", "environment")),
            event["properties"]["results_count"],
        )
        for event in events
    ]
    assert shown(simulated.store) == recount(searches)
