"""What is marked in plots: the first event of a release, and the minutes in which something was down."""

from datetime import UTC, datetime

import pytest

from dashboards.annotations import COLUMNS, annotations
from dashboards.macros import Span, expand
from pipelines.rollups import ROLLUPS
from sinks.clickhouse import ClickHouse
from tests.sql.handmade import at, feed_with_a_crash, made
from tests.sql.simulation import rows_of

pytestmark = pytest.mark.service
DAY = "2026-06-01"
READ = {"operations", "operations_hourly", "availability"}


def moment(clock: str) -> datetime:
    return datetime.fromisoformat(f"{DAY}T{clock}")


def asked(store: ClickHouse, name: str, since: str, until: str) -> list[tuple[object, ...]]:
    (one,) = (one for one in annotations() if one.name == name)
    span = Span(moment(since).replace(tzinfo=UTC), moment(until).replace(tzinfo=UTC))
    return [tuple(row[column] for column in COLUMNS) for row in rows_of(store, expand(one.sql, span, {}))]


@pytest.fixture(scope="module")
def fed(store: ClickHouse) -> ClickHouse:
    """Releases 1 and 2 from the beginning, 3 from 09:20:25 and 4 from 11:07; probes with two outages and a hiccup."""
    releases = {"1": "08:00:00", "2": "08:30:00", "3": "09:20:25", "4": "11:07:00"}
    requests = [
        made(
            "request.served",
            at(f"{DAY}T{hour:02}:{minute:02}:30"),
            context={"release": release},
            duration_ms=5,
            n=minute,
        )
        for release, first in releases.items()
        for hour in range(8, 13)
        for minute in range(0, 60, 10)
        if moment(f"{hour:02}:{minute:02}:30") > moment(first)
    ]
    requests += [
        made("request.served", at(f"{DAY}T{first}"), context={"release": r}, duration_ms=5)
        for r, first in releases.items()
    ]
    down = {"10:05", "10:06", "10:07", "10:30"}
    clocks = [f"10:{minute:02}" for minute in range(60)]
    probes = [
        made("probe.checked", at(f"{DAY}T{clock}:{second:02}"), context={"environment": where}, target=target, up=up)
        for target, where, fails in (("application", "production", down), ("database", "staging", {"10:30"}))
        for clock in clocks
        for second in (0, 15, 30, 45)
        for up in [clock not in fails and (clock, second) != ("10:45", 15)]
    ]
    feed_with_a_crash(store, requests + probes, [each for each in ROLLUPS if each.name in READ], [])
    return store


def test_a_deploy_is_the_first_event_of_a_release_and_the_oldest_releases_are_none(fed: ClickHouse) -> None:
    third, fourth = (moment("09:20:20"), None, "release 3"), (moment("11:07:00"), None, "release 4")
    assert asked(fed, "deploys", "07:00:00", "13:00:00") == [third, fourth]
    assert asked(fed, "deploys", "09:30:00", "13:00:00") == [fourth]
    assert asked(fed, "deploys", "09:00:00", "11:00:00") == [third]
    assert asked(fed, "deploys", "11:30:00", "13:00:00") == []


def test_minutes_on_end_are_one_outage(fed: ClickHouse) -> None:
    long = (moment("10:05:00"), moment("10:08:00"), "application down")
    short = (moment("10:30:00"), moment("10:31:00"), "application down")
    elsewhere = (moment("10:30:00"), moment("10:31:00"), "database down in staging")
    assert asked(fed, "outages", "10:00:00", "11:00:00") == [long, short, elsewhere]
    assert asked(fed, "outages", "10:20:00", "11:00:00") == [short, elsewhere]
    assert asked(fed, "outages", "10:40:00", "11:00:00") == []
