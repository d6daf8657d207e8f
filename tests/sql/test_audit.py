"""Who accessed what, is it unusual, and what did scanners find? The views against plain recounts of the same events."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from statistics import median
from typing import Any

import orjson
import pytest

from local.producer import Record
from pipelines.audit import DATA_ACCESS, SECURITY_FINDINGS
from sinks.clickhouse import ClickHouse
from tests.sql.handmade import DAY_MS, at, feed_with_a_crash, made
from tests.sql.simulation import Event, Simulated, day_of, rows_of

pytestmark = pytest.mark.service

READS = ("read", "view", "list", "search")
Accesses = dict[tuple[str, str, date], list[dict[str, Any]]]
"""Properties of the accesses by actor, environment and day."""


def test_the_trail_is_every_access(simulated: Simulated) -> None:
    names = ("action", "object_type", "object_id", "reason", "outcome")
    expected = sorted(
        (
            event["ms"],
            event["unit"],
            event["properties"]["subject_id"],
            *(event["properties"][name] for name in names),
            *(event["context"][name] for name in ("service", "environment", "tenantId", "sessionId")),
        )
        for event in simulated.named("data.accessed")
    )
    columns = f"actor, subject, {', '.join(names)}, service, environment, tenant_id, session_id"
    rows = simulated.store.query(f"SELECT toUnixTimestamp64Milli(time) AS ms, {columns} FROM data_access")
    assert sorted(rows) == expected
    assert len(expected) > 500


def expected_unusual(accesses: Accesses) -> dict[tuple[str, str, date], tuple[Any, ...]]:
    """Judge every day by the same actor's days among the 28 before."""
    found = {}
    for (actor, environment, day), own in accesses.items():
        days = [day - timedelta(days=ago) for ago in range(1, 29)]
        past = [len(accesses[actor, environment, each]) for each in days if (actor, environment, each) in accesses]
        middle = median(past) if past else None
        spread = median(abs(count - middle) for count in past) if middle is not None else None
        score = None
        if len(past) >= 5 and middle is not None and spread is not None:
            score = (len(own) - middle) / max(1.4826 * spread, sqrt(middle), 1)
        found[actor, environment, day] = (
            len(own),
            len({each["subject_id"] for each in own if each.get("subject_id")}),
            len({(each["object_type"], each.get("object_id")) for each in own}),
            sum(each["action"] not in READS for each in own),
            len(past),
            middle,
            spread,
            None if score is None else pytest.approx(score),
            score is not None and score > 3.5,
        )
    return found


def assert_unusual(rows: list[dict[str, Any]], accesses: Accesses) -> None:
    names: tuple[str, ...] = (
        "accesses",
        "subjects",
        "objects",
        "changes_and_exports",
        "past_days",
        "past_median",
        "past_mad",
    )
    names += ("score", "unusual")
    found = {(row["actor"], row["environment"], row["day"]): tuple(row[name] for name in names) for row in rows}
    assert found == expected_unusual(accesses)
    assert len(rows) == len(found)


def accesses_of(events: list[Event]) -> Accesses:
    accesses = defaultdict(list)
    for event in events:
        accesses[event["unit"], event["context"]["environment"], day_of(event).date()].append(event["properties"])
    return dict(accesses)


def test_unusual_access_is_a_recount(simulated: Simulated) -> None:
    accesses = accesses_of(simulated.named("data.accessed"))
    rows = simulated.rows("SELECT * FROM unusual_access")
    assert_unusual(rows, accesses)
    judged = [row for row in rows if row["score"] is not None]
    # Nobody in the world does anything unusual.
    assert len(judged) > 20
    assert sum(row["unusual"] for row in judged) <= 0.02 * len(judged)


def test_findings_are_as_they_were_last_reported(simulated: Simulated) -> None:
    reports = defaultdict(list)
    for event in sorted(simulated.named("security.finding"), key=lambda event: event["ms"]):
        reports[event["properties"]["finding_id"]].append(event)
    rows = {row["finding_id"]: row for row in simulated.rows("SELECT * FROM security_findings")}
    assert rows.keys() == reports.keys()
    for finding, row in rows.items():
        own, last = reports[finding], reports[finding][-1]
        properties = last["properties"]
        assert (row["severity"], row["scanner"], row["status"], row["reports"]) == (
            *(properties[name] for name in ("severity", "scanner", "status")),
            len(own),
        )
        since = datetime.fromisoformat(properties["found_at"])
        closed = day_of(last) if properties["status"] == "fixed" else None
        assert row["open_since"].replace(tzinfo=UTC) == since
        assert row["is_open"] == (closed is None)
        if closed is None:
            assert row["closed_at"] is None
        else:
            assert abs(row["closed_at"].replace(tzinfo=UTC) - closed) < timedelta(milliseconds=1)
            assert row["age_days"] == (closed - since).days
            assert row["age_band"] == band_of(row["age_days"])
    # The world fixes the oldest as soon as more than five are open.
    assert sum(row["is_open"] for row in rows.values()) in (5, 6)


def band_of(days: int) -> str:
    bands = {7: "under 7 days", 30: "7 to 29 days", 90: "30 to 89 days"}
    return next((band for bound, band in bands.items() if days < bound), "90 days and more")


# --- what the simulated world does not do: a burst, a first day, findings that come back and close again

BEGIN = at("2026-03-02")


def accesses_on(actor: str, day: int, count: int, **properties: Any) -> Iterator[Record]:
    for number in range(count):
        common = {
            "action": "read",
            "object_type": "customer",
            "object_id": f"o-{number}",
            "subject_id": f"s-{number % 3}",
        }
        yield made("data.accessed", BEGIN + day * DAY_MS + number, actor, **common | properties)


def bursts() -> Iterator[Record]:
    for day in range(6):
        yield from accesses_on("bursts", day, 4 + day % 2)
    yield from accesses_on("bursts", 6, 60, action="export")
    yield from accesses_on("bursts", 7, 60)  # the odd day before does not hide this one
    yield from accesses_on("no past", 3, 500)
    for day in (0, 1, 2, 3):
        yield from accesses_on("little past", day, 2)
    yield from accesses_on("little past", 4, 500)
    for day in (0, 1, 2, 3, 4):
        yield from accesses_on("forgotten", day, 1)
    yield from accesses_on("forgotten", 28, 30)  # day 0 is the 28th before
    yield from accesses_on("forgotten", 29, 30)  # of the five, day 0 is too long ago; day 28 is there
    yield from accesses_on("rarely", 0, 1, subject_id=None, object_id=None)
    for day in range(1, 7):
        yield from accesses_on("rarely", day, 1)
    yield from accesses_on("rarely", 7, 4)  # three spreads of 1
    yield from accesses_on("rarely", 8, 5)  # four
    yield made("data.accessed", BEGIN + DAY_MS - 1, "at midnight", action="list", object_type="x")
    yield made("data.accessed", BEGIN + DAY_MS, "at midnight", action="delete", object_type="x")


def finding(name: str, text: str, status: str | None, severity: str = "low", found_at: str | None = None) -> Record:
    when = f"{found_at}Z" if found_at else None
    return made(
        "security.finding", at(text), finding_id=name, status=status, severity=severity, scanner="s", found_at=when
    )


def findings() -> Iterator[Record]:
    yield finding("closed", "2026-03-01T23:59:00", "open")
    yield finding("closed", "2026-03-02T00:01:00", "Fixed")  # two minutes later, and another date
    yield finding("a week", "2026-03-01T12:00:00", "open")
    yield finding("a week", "2026-03-08T12:00:00", "false-positive")
    yield finding("almost a week", "2026-03-01T12:00:00", "open")
    yield finding("almost a week", "2026-03-08T11:59:59.999", "won't fix")
    yield finding("almost a week", "2026-03-08T11:59:59.998", "Wont Fix")
    yield finding("came back", "2026-03-01T00:00:00", "open", "low")
    yield finding("came back", "2026-03-05T00:00:00", "fixed", "low")
    yield finding("came back", "2026-03-09T00:00:00", "open", "critical")
    yield finding("came back", "2026-03-11T00:00:00", "accepted", "high")
    yield finding("came back", "2026-03-12T00:00:00", "closed", "high")
    yield finding("back for good", "2026-03-01T00:00:00", "fixed")
    yield finding("back for good", "2026-03-02T00:00:00", None)
    yield finding("known long before", "2026-03-01T00:00:00", "dismissed", found_at="2025-11-30T00:00:00")
    yield finding("found later", "2026-03-01T00:00:00", "open", found_at="2026-03-03T00:00:00")


@pytest.fixture(scope="module")
def made_by_hand(store: ClickHouse) -> ClickHouse:
    feed_with_a_crash(store, [*bursts(), *findings()], (), (DATA_ACCESS, SECURITY_FINDINGS))
    return store


def test_days_are_judged_by_the_own_past(made_by_hand: ClickHouse) -> None:
    events = [as_event(record) for record in bursts()]
    rows = rows_of(made_by_hand, "SELECT * FROM unusual_access")
    assert_unusual(rows, accesses_of(events))
    unusual = {(row["actor"], (row["day"] - date(2026, 3, 2)).days) for row in rows if row["unusual"]}
    assert unusual == {("bursts", 6), ("bursts", 7), ("forgotten", 28), ("forgotten", 29), ("rarely", 8)}


def as_event(record: Record) -> Event:
    event: Event = orjson.loads(record[1])
    return event | {"ms": record[2], "unit": event["userId"]}


def test_an_actor_without_a_past_is_not_judged(made_by_hand: ClickHouse) -> None:
    rows = rows_of(
        made_by_hand,
        "SELECT actor, max(past_days) AS days, any(past_median) AS median, max(score) AS score, max(unusual) AS unusual"
        " FROM unusual_access WHERE actor IN ('no past', 'little past') AND accesses = 500 GROUP BY actor ORDER BY actor",
    )
    assert [(row["actor"], row["days"], row["median"], row["score"], row["unusual"]) for row in rows] == [
        ("little past", 4, 2, None, False),
        ("no past", 0, None, None, False),
    ]


def test_subjects_and_objects_are_counted_once(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT * FROM unusual_access WHERE actor = 'bursts' AND accesses = 60 ORDER BY day")
    assert [(row["subjects"], row["objects"], row["changes_and_exports"]) for row in rows] == [(3, 60, 60), (3, 60, 0)]


@pytest.mark.parametrize(
    ("name", "severity", "is_open", "closed_at", "age_days", "band"),
    [
        ("closed", "low", False, "2026-03-02T00:01:00", 0, "under 7 days"),
        ("a week", "low", False, "2026-03-08T12:00:00", 7, "7 to 29 days"),
        ("almost a week", "low", False, "2026-03-08T11:59:59.998", 6, "under 7 days"),
        ("came back", "high", False, "2026-03-11T00:00:00", 10, "7 to 29 days"),
        ("known long before", "low", False, "2026-03-01T00:00:00", 91, "90 days and more"),
    ],
)
def test_a_finding_is_as_old_as_the_whole_days_until_it_was_closed_for_good(
    made_by_hand: ClickHouse, name: str, severity: str, *, is_open: bool, closed_at: str, age_days: int, band: str
) -> None:
    row = rows_of(made_by_hand, f"SELECT * FROM security_findings WHERE finding_id = '{name}'")[0]
    assert (row["severity"], row["is_open"], row["age_days"], row["age_band"]) == (severity, is_open, age_days, band)
    assert row["closed_at"] == datetime.fromisoformat(closed_at)


def test_a_finding_is_open_unless_its_status_closes_it(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT * FROM security_findings WHERE is_open ORDER BY finding_id")
    assert [(row["finding_id"], row["closed_at"], row["open_since"]) for row in rows] == [
        ("back for good", None, datetime.fromisoformat("2026-03-01")),
        ("found later", None, datetime.fromisoformat("2026-03-01")),
    ]
    now = datetime.now(UTC)
    for row in rows:
        # Asked a moment ago, when it was perhaps a day less.
        assert 0 <= (now - row["open_since"].replace(tzinfo=UTC)).days - row["age_days"] <= 1
        assert row["age_band"] == band_of(row["age_days"])
