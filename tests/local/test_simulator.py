"""The simulated application: deterministic, valid, as fast or slow and as often failing as its world declares."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import pytest

from local.producer import Record
from local.simulator import world
from local.simulator.incident import Incident
from local.simulator.people import DAY_S
from local.simulator.rhythm import busyness
from local.simulator.running import run
from local.simulator.simulator import Plan, Simulator
from schemas.catalog import CATALOG
from schemas.reference import Rejection, judge

START = datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp()
OTHER_CALLS = {"screen.viewed", "user.identified", "group.joined"}
OWN_GOALS = {"goal.*"}
"""Its goals are tasks of the catalog."""
Events = dict[str, list[dict[str, Any]]]


def records(plan: Plan, limit: int | None = None) -> list[Record]:
    return [record for batch in Simulator(plan).events(limit=limit) for record in batch]


def by_name(stream: Iterable[Record]) -> Events:
    events: Events = {}
    for _, value, _ in stream:
        event = orjson.loads(value)
        events.setdefault(event["event"], []).append(event)
    return events


@pytest.fixture(scope="module")
def stream() -> list[Record]:
    return records(Plan(START, seed=3, users=1_500, rate=2_000), limit=100_000)


@pytest.fixture(scope="module")
def events(stream: list[Record]) -> Events:
    return by_name(stream)


def durations(events: Events, name: str) -> list[float]:
    return [event["properties"]["duration_ms"] for event in events[name]]


def test_the_same_plan_gives_the_same_bytes_and_another_seed_others() -> None:
    plan = Plan(START, seed=5, users=100, rate=500)
    assert records(plan, 3_000) == records(plan, 3_000)
    other = records(Plan(START, seed=6, users=100, rate=500), 3_000)
    assert not {value for _, value, _ in records(plan, 3_000)} & {value for _, value, _ in other}


def test_stopping_early_gives_a_prefix() -> None:
    plan = Plan(START, seed=5, users=100, rate=500)
    short, long = Simulator(plan), Simulator(plan)
    first = [record for batch in short.events(until=START + 4) for record in batch]
    both = [record for batch in long.events(until=START + 8) for record in batch]
    assert both[: len(first)] == first
    assert len(both) > len(first)


def test_every_event_is_accepted_under_a_strict_catalog(stream: list[Record]) -> None:
    verdicts = (judge(value, max_bytes=32_768, strict_catalog=True) for _, value, _ in stream[:20_000])
    assert [verdict for verdict in verdicts if isinstance(verdict, Rejection)] == []


def test_every_event_of_the_catalog_occurs(events: Events) -> None:
    assert events.keys() == CATALOG.keys() - OTHER_CALLS - OWN_GOALS


def test_properties_are_those_that_the_catalog_declares(events: Events) -> None:
    for name, found in events.items():
        declared = set(CATALOG[name].model_fields)
        assert {member for event in found for member in event["properties"]} <= declared, name


def test_ids_are_unique_and_keys_are_the_users(stream: list[Record]) -> None:
    loaded = [(key, orjson.loads(value)) for key, value, _ in stream]
    assert len({event["messageId"] for _, event in loaded}) == len(loaded)
    for key, event in loaded:
        assert key.decode() == (event.get("userId") or event.get("anonymousId") or event["messageId"])


def test_records_are_in_order_and_events_close_behind_them(stream: list[Record]) -> None:
    stamps = [stamp or 0 for _, _, stamp in stream]
    assert stamps == sorted(stamps)
    for _, value, stamp in stream[::10]:
        behind = (stamp or 0) - corrected_ms(orjson.loads(value))
        assert 0 <= behind <= 1_000


def corrected_ms(event: dict[str, Any]) -> float:
    time, sent, received = (
        datetime.fromisoformat(event[name]).timestamp() if name in event else 0.0
        for name in ("timestamp", "sentAt", "receivedAt")
    )
    return round((received - (sent - time)) * 1000 if received else time * 1000)


def test_some_devices_have_a_wrong_clock(events: Events) -> None:
    pages = events["page.viewed"]
    wrong = {event["anonymousId"] for event in pages if "sentAt" in event}
    assert 0.005 < len(wrong) / len({event["anonymousId"] for event in pages}) < 0.05


def test_the_rate_is_exact_and_steady() -> None:
    stamps = [stamp or 0 for _, _, stamp in records(Plan(START, seed=1, users=500, rate=300), limit=15_000)]
    per_second = np.bincount((np.array(stamps) - stamps[0]) // 1000)[:-1]
    assert per_second.mean() == pytest.approx(300, rel=0.03)
    assert per_second.min() > 200
    assert per_second.max() < 400


def test_the_tally_is_a_recount_of_the_bytes() -> None:
    simulator = Simulator(Plan(START, seed=2, users=300, rate=1_000, incident=Incident("errors", 2, 3)))
    found = by_name(record for batch in simulator.events(limit=8_000) for record in batch)
    errors = {
        name: sum(event["properties"].get("outcome") == "error" for event in events) for name, events in found.items()
    }
    assert simulator.tally.events == {name: len(events) for name, events in found.items()}
    assert simulator.tally.errors == {name: count for name, count in errors.items() if count}
    assert simulator.tally.sent == simulator.tally.on_time >= 8_000


@pytest.mark.parametrize(
    ("name", "percent", "below_ms"),
    [("library.search", 95, 200), ("factor.calculated", 99, 100), ("page.viewed", 95, 2_000)],
)
def test_a_healthy_application_is_as_fast_as_promised(events: Events, name: str, percent: int, below_ms: float) -> None:
    assert np.percentile(durations(events, name), percent) < below_ms


def test_durations_have_the_declared_median_and_a_slow_tail(events: Events) -> None:
    for name, declared in world.DURATIONS.items():
        took = durations(events, name)
        if len(took) > 2_000:
            assert np.median(took) == pytest.approx(declared.median_ms, rel=0.1), name
            assert max(took) > 5 * declared.median_ms, name


@pytest.mark.parametrize("kind", ["latency", "errors", "outage"])
def test_an_incident_shows_while_it_lasts_and_not_before_or_after(kind: Any) -> None:
    plan = Plan(START, seed=4, users=300, rate=1_000, incident=Incident(kind, at_s=5, for_s=5))
    phases: dict[str, list[dict[str, Any]]] = {"before": [], "during": [], "after": []}
    for _, value, stamp in records(plan, 15_000):
        event, elapsed = orjson.loads(value), (stamp or 0) / 1000 - START
        phase = "before" if elapsed < 5 else "during" if elapsed < 10 else "after"
        if event["event"] == "request.served":
            phases[phase].append(event["properties"])
    median = {phase: np.median([p["duration_ms"] for p in found]) for phase, found in phases.items()}
    errors = {phase: np.mean([p["outcome"] == "error" for p in found]) for phase, found in phases.items()}
    factor, failing = {"latency": (8, 0.0), "errors": (1, 0.3), "outage": (3, 0.95)}[kind]
    assert median["during"] / median["before"] == pytest.approx(factor, rel=0.2)
    assert errors["during"] >= failing * 0.9
    for phase in ("before", "after"):
        assert errors[phase] < 0.03
    assert median["after"] == pytest.approx(median["before"], rel=0.15)


def test_probes_say_down_in_an_outage_and_up_otherwise() -> None:
    plan = Plan(START, seed=4, users=50, rate=20, incident=Incident("outage", at_s=60, for_s=60))
    found = by_name(record for batch in Simulator(plan).events(until=START + 240) for record in batch)
    for event in found["probe.checked"]:
        elapsed = datetime.fromisoformat(event["timestamp"]).timestamp() - START
        assert event["properties"]["up"] is not (60 <= elapsed < 120)
    assert Counter(event["properties"]["up"] for event in found["probe.checked"]) == {True: 24, False: 8}


def test_days_have_a_rhythm() -> None:
    plan = Plan(datetime(2026, 3, 2, tzinfo=UTC).timestamp(), seed=1, users=400, days=7)
    stamps = np.array([stamp or 0 for _, value, stamp in records(plan) if b'"userId"' in value]) / 1000
    local_hours = ((stamps / 3600 + world.UTC_OFFSET_HOURS) % 24).astype(int)
    weekdays = ((stamps - plan.start) // DAY_S).astype(int)
    by_hour, by_day = np.bincount(local_hours, minlength=24), np.bincount(weekdays, minlength=7)
    assert by_hour[9:17].sum() > 5 * by_hour[[0, 1, 2, 3, 4, 20, 21, 22, 23]].sum()
    assert by_day[:5].min() > 3 * by_day[5:7].max()
    assert 0.8 < len(stamps) / (400 * 7 * world.EVENTS_PER_USER_DAY) < 1.05  # a few pages are anonymous
    assert stamps[-1] <= (plan.end or 0) + 2


def test_the_rhythm_is_relative_to_the_mean_of_the_week() -> None:
    week = [busyness(START + minute * 60) for minute in range(7 * 24 * 60)]
    assert np.mean(week) == pytest.approx(1.0)
    assert max(abs(after - before) for before, after in pairwise(week)) < 0.2


def test_a_live_run_sends_each_batch_when_its_time_has_come() -> None:
    stop, sender = threading.Event(), _Sender()
    plan = Plan(START, users=50, rate=400)
    run(Simulator(plan), sender, until=START + 0.5, stop=stop)
    assert sender.polls >= 10 / 2
    assert 100 < len(sender.records) < 300


def test_a_stop_ends_a_run_with_a_true_tally() -> None:
    stop, sender = threading.Event(), _Sender()
    simulator = Simulator(Plan(START, users=50, rate=400))
    batches = iter(range(5))
    run(simulator, sender, live=False, stop=stop, on_batch=lambda: None if next(batches) < 4 else stop.set())
    assert simulator.tally.sent == len(sender.records)


class _Sender:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.polls = 0

    def send_all(self, records: Iterable[Record]) -> None:
        self.records += records

    def poll(self, seconds: float) -> None:
        self.polls += 1


def test_a_generator_that_nobody_reads_emits_nothing() -> None:
    simulator = Simulator(Plan(START, users=50))
    first: Iterator[list[Record]] = simulator.events()
    before = simulator.tally.sent
    next(first)
    assert simulator.tally.sent > before
