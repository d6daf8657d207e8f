"""Was it up? The views against a plain recount of the probes, and against the outage that the simulated world had."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from local.producer import Record
from pipelines.availability import AVAILABILITY
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed
from tests.sql.handmade import MINUTE_MS, at, feed_with_a_crash, made
from tests.sql.simulation import MACHINE_PLAN, OUTAGE, Simulated, rows_of, start_of

pytestmark = pytest.mark.service

OBJECTIVES = {"application": 0.999, "database": 0.9995}
MINUTE = timedelta(minutes=1)
Probes = dict[str, dict[datetime, list[bool]]]
"""What the probes of each minute found, by target."""
States = dict[str, dict[datetime, str]]
"""Whether each target was up, down or unknown, by minute."""


def states_of(probes: Probes) -> States:
    """Say of every minute from the first to the last whether it was up."""
    found: States = {}
    for target, by_minute in probes.items():
        first, last = min(by_minute), max(by_minute)
        minutes = [first + number * MINUTE for number in range((last - first) // MINUTE + 1)]
        found[target] = {minute: state_of(by_minute.get(minute, [])) for minute in minutes}
    return found


def state_of(answers: list[bool]) -> str:
    if not answers:
        return "unknown"
    return "up" if answers.count(True) > answers.count(False) else "down"


def month_of(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0)


def assert_minutes(rows: list[dict[str, Any]], probes: Probes) -> None:
    expected = {(target, minute): state for target, own in states_of(probes).items() for minute, state in own.items()}
    assert {(row["target"], row["minute"]): row["state"] for row in rows} == expected
    assert len(rows) == len(expected)
    for row in rows:
        answers = probes[row["target"]].get(row["minute"], [])
        assert (row["probes"], row["answered"]) == (len(answers), sum(answers))


def assert_months(rows: list[dict[str, Any]], probes: Probes) -> None:
    minutes: defaultdict[tuple[str, datetime], Counter[str]] = defaultdict(Counter)
    for target, own in states_of(probes).items():
        for minute, state in own.items():
            minutes[target, month_of(minute)][state] += 1
    assert {(row["target"], month_of(datetime.combine(row["month"], datetime.min.time()))) for row in rows} == set(
        minutes
    )
    for row in rows:
        month = datetime.combine(row["month"], datetime.min.time())
        next_month = month_of(month + timedelta(days=32))
        counts, objective = minutes[row["target"], month], OBJECTIVES[row["target"]]
        up, down, unknown = counts["up"], counts["down"], counts["unknown"]
        assert (row["up"], row["down"], row["unknown"], row["objective"]) == (up, down, unknown, objective)
        answers = [a for m, each in probes[row["target"]].items() if month_of(m) == month for a in each]
        assert (row["probes"], row["answered"]) == (len(answers), sum(answers))
        share = up / (up + down) if up + down else None
        assert row["availability"] == share
        assert row["availability_at_worst"] == up / (up + down + unknown)
        assert row["meets_objective"] == (None if share is None else share >= objective)
        budget = (1 - objective) * ((next_month - month) // MINUTE)
        assert row["budget_minutes"] == pytest.approx(budget)
        assert row["budget_left_minutes"] == pytest.approx(budget - down)


# --- the world


@pytest.fixture(scope="module")
def probed(machines: Simulated) -> Probes:
    found: defaultdict[str, defaultdict[datetime, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for event in machines.named("probe.checked"):
        found[event["properties"]["target"]][start_of(event, 1)].append(event["properties"]["up"])
    return {target: dict(own) for target, own in found.items()}


def test_minutes_are_a_recount(machines: Simulated, probed: Probes) -> None:
    assert_minutes(machines.rows("SELECT * FROM availability_minutes"), probed)


def test_months_are_a_recount(machines: Simulated, probed: Probes) -> None:
    rows = machines.rows("SELECT * FROM availability")
    assert_months(rows, probed)
    assert len(rows) == 2 * 2


def test_the_outage_is_what_was_down(machines: Simulated) -> None:
    """It begins and ends 20 s after a full minute: of the first and the last minute's four probes two fail, which is not up."""
    begin = datetime.fromtimestamp(MACHINE_PLAN.start + OUTAGE.at_s - 20, UTC).replace(tzinfo=None)
    rows = machines.rows("SELECT target, minute FROM availability_minutes WHERE state != 'up' ORDER BY target, minute")
    away = [begin + number * MINUTE for number in range(int(OUTAGE.for_s) // 60 + 1)]
    assert [(row["target"], row["minute"]) for row in rows] == [
        (target, minute) for target in OBJECTIVES for minute in away
    ]
    by_month = {
        (row["target"], row["month"].month): (row["down"], row["unknown"], row["meets_objective"])
        for row in machines.rows("SELECT * FROM availability")
    }
    assert by_month == {
        ("application", 3): (0, 0, True),
        ("application", 4): (21, 0, False),
        ("database", 3): (0, 0, True),
        ("database", 4): (21, 0, False),
    }


# --- what the simulated world does not do: nobody looks, for minutes and for months; halves; another environment


def probe(text: str, after_ms: int = 0, *, up: bool = True, target: str = "application") -> Record:
    return made("probe.checked", at(text) + after_ms, target=target, up=up)


def stream() -> Iterator[Record]:
    for minute in range(10):
        if minute not in (3, 4, 5, 6):  # nobody looks for four minutes
            yield probe("2026-01-31T23:55:30", minute * MINUTE_MS)
    yield probe("2026-02-01T00:05:00", up=False)
    yield probe("2026-02-01T00:06:00", up=False)
    yield probe("2026-02-01T00:06:59.999")  # half of them: not up
    # and for the rest of February and all of March
    yield probe("2026-04-01T00:01:00")
    # the database is probed only once, and in one minute of three answers most
    yield probe("2026-02-10T12:00:00", target="database")
    yield probe("2026-02-10T12:01:59.998", target="database", up=False)
    yield probe("2026-02-10T12:01:59.999", target="database")
    yield probe("2026-02-10T12:01:00", target="database")


@pytest.fixture(scope="module")
def made_by_hand(store: ClickHouse) -> ClickHouse:
    feed_with_a_crash(store, stream(), (AVAILABILITY,), ())
    return store


@pytest.fixture(scope="module")
def probed_by_hand() -> Probes:
    found: defaultdict[str, defaultdict[datetime, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for _, value, ms in stream():
        found[orjson.loads(value)["properties"]["target"]][start_of({"ms": ms}, 1)].append(
            orjson.loads(value)["properties"]["up"]
        )
    return {target: dict(own) for target, own in found.items()}


def test_gaps_in_probing_are_unknown(made_by_hand: ClickHouse, probed_by_hand: Probes) -> None:
    assert_minutes(rows_of(made_by_hand, "SELECT * FROM availability_minutes"), probed_by_hand)
    assert_months(rows_of(made_by_hand, "SELECT * FROM availability"), probed_by_hand)


def test_a_gap_over_the_end_of_a_month_is_unknown_in_both(made_by_hand: ClickHouse) -> None:
    rows = rows_of(
        made_by_hand,
        "SELECT minute, state FROM availability_minutes WHERE target = 'application' AND minute < '2026-02-01 00:08:00'"
        " ORDER BY minute",
    )
    states = [row["state"] for row in rows]
    assert rows[0]["minute"] == datetime.fromisoformat("2026-01-31T23:55")
    assert states == ["up"] * 3 + ["unknown"] * 4 + ["up"] * 3 + ["down"] * 2 + ["unknown"]
    january, february, march, april = (
        (row["up"], row["down"], row["unknown"], row["availability"], row["meets_objective"])
        for row in rows_of(made_by_hand, "SELECT * FROM availability WHERE target = 'application' ORDER BY month")
    )
    assert january == (3, 0, 2, 1.0, True)
    assert february == (3, 2, 28 * 1440 - 5, 3 / 5, False)
    assert march == (0, 0, 31 * 1440, None, None)
    assert april == (1, 0, 1, 1.0, True)


def test_unknown_minutes_make_the_worst_case_and_spend_no_budget(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT * FROM availability WHERE target = 'application' ORDER BY month")
    assert [row["availability_at_worst"] for row in rows] == [3 / 5, 3 / (28 * 1440), 0, 1 / 2]
    assert [row["budget_minutes"] for row in rows] == [pytest.approx(0.001 * days * 1440) for days in (31, 28, 31, 30)]
    assert [row["budget_left_minutes"] for row in rows] == [
        pytest.approx(left) for left in (44.64, 40.32 - 2, 44.64, 43.2)
    ]


def test_objectives_are_met_to_the_minute(store: ClickHouse) -> None:
    """1,000 known minutes: one may be down of the application, and of the database none."""
    records = [
        probe("2026-06-01T00:00:00", minute * MINUTE_MS, target=target, up=minute != 500)
        for minute in range(1000)
        for target in OBJECTIVES
    ]
    feed(store, records, (AVAILABILITY,), ())
    rows = rows_of(store, "SELECT target, availability, meets_objective FROM availability WHERE month = '2026-06-01'")
    assert {row["target"]: row["meets_objective"] for row in rows} == {"application": True, "database": False}
    assert {row["availability"] for row in rows} == {0.999}
