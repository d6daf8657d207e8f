"""Who is active, uses what and stays: the views against plain recounts of the same events, and against the world's truth."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from local.producer import Record
from local.simulator import world
from sinks.clickhouse import ClickHouse
from tests.sql.handmade import DAY_MS, HOUR_MS, at, feed_with_a_crash, made
from tests.sql.intervals import assert_near, check, holds
from tests.sql.simulation import FACTS, ROLLUPS, Event, Simulated, day_of, rows_of, start_of

pytestmark = pytest.mark.service

USES = {
    "library.search": "library",
    "library.item_selected": "library",
    "library.item_created": "library",
    "bulk.operation": "bulk-edit",
}
"""Events that are the use of a feature by themselves."""
Days = dict[str, set[date]]
"""The days of every user."""


def feature_of(event: Event) -> str | None:
    if event["event"] == "feature.used":
        return str(event["properties"]["feature"])
    return USES.get(event["event"])


def kind_of(event: Event) -> str:
    return "user" if event.get("userId") else "device"


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


@pytest.fixture(scope="module")
def active(simulated: Simulated) -> Days:
    """The days on which users did anything."""
    found: defaultdict[str, set[date]] = defaultdict(set)
    for event in simulated.events:
        if event.get("userId"):
            found[event["unit"]].add(day_of(event).date())
    return found


@pytest.fixture(scope="module")
def using(simulated: Simulated) -> dict[str, Days]:
    """The days on which users used a feature, by feature."""
    found: defaultdict[str, defaultdict[str, set[date]]] = defaultdict(lambda: defaultdict(set))
    for event in simulated.events:
        if (feature := feature_of(event)) and event.get("userId"):
            found[feature][event["unit"]].add(day_of(event).date())
    return dict(found)


def last_day(active: Days) -> date:
    return max(max(days) for days in active.values())


def test_activity_is_a_recount(simulated: Simulated) -> None:
    expected = Counter(
        (start_of(event, 60), event["unit"], kind_of(event), event["context"]["environment"])
        for event in simulated.events
        if event["unit"]
    )
    rows = simulated.rows("SELECT * FROM unit_activity")
    assert {(r["hour"], r["unit"], r["unit_kind"], r["environment"]): r["events"] for r in rows} == expected
    assert len(rows) == len(expected)
    assert {row["unit_kind"] for row in rows} == {"user", "device"}


def test_feature_usage_is_a_recount(simulated: Simulated) -> None:
    expected = defaultdict(list)
    for event in simulated.events:
        if feature := feature_of(event):
            key = (start_of(event, 60), feature, event["unit"], kind_of(event), event["context"]["environment"])
            expected[key].append(event["ms"])
    rows = simulated.rows(
        "SELECT *, toUnixTimestamp64Milli(first_use) AS first_ms, toUnixTimestamp64Milli(last_use) AS last_ms FROM feature_usage"
    )
    names = ("hour", "feature", "unit", "unit_kind", "environment")
    found = {tuple(row[name] for name in names): (row["uses"], row["first_ms"], row["last_ms"]) for row in rows}
    assert found == {key: (len(times), min(times), max(times)) for key, times in expected.items()}
    assert len(rows) == len(expected)


def test_who_used_a_feature_is_the_truth(simulated: Simulated) -> None:
    rows = simulated.rows("SELECT feature, groupUniqArray(unit) AS users FROM feature_usage GROUP BY feature")
    assert {row["feature"]: set(row["users"]) for row in rows} == simulated.truth.feature_users


# --- by day


def users_within(days_of: Days, day: date, length: int) -> int:
    """Count who was there on one of so many days that end with `day`."""
    window = {day - timedelta(days=ago) for ago in range(length)}
    return sum(not days.isdisjoint(window) for days in days_of.values())


def expected_adoption(active: Days, using: dict[str, Days]) -> dict[tuple[date, str], dict[str, int]]:
    latest, first = last_day(active), min(min(days) for days in active.values())
    found = {}
    for day in (first + timedelta(days=number) for number in range((latest - first).days + 1)):
        of_all = {f"active_{n}d": users_within(active, day, n) for n in (1, 7, 28)}
        for feature, days_of in using.items():
            own = {f"users_{n}d": users_within(days_of, day, n) for n in (1, 7, 28)}
            if own["users_28d"]:
                new = sum(min(days) == day for days in days_of.values())
                counts = {"new_users": new, "returning_users": own["users_1d"] - new}
                found[day, feature] = of_all | own | counts
    return found


def assert_adoption(rows: list[dict[str, Any]], expected: dict[tuple[date, str], dict[str, int]]) -> None:
    names = next(iter(expected.values())).keys()
    assert {(row["day"], row["feature"]): {name: row[name] for name in names} for row in rows} == expected
    for row in rows:
        for n in (1, 7, 28):
            of = row[f"active_{n}d"]
            assert row[f"share_{n}d"] == (pytest.approx(row[f"users_{n}d"] / of) if of else None)
            assert not of or holds(row, f"share_{n}d")
        assert row["stickiness"] == pytest.approx(row["users_1d"] / row["users_28d"])
        assert row["active_stickiness"] == pytest.approx(row["active_1d"] / row["active_28d"])


def test_daily_adoption_is_a_recount(simulated: Simulated, active: Days, using: dict[str, Days]) -> None:
    assert_adoption(simulated.rows("SELECT * FROM adoption_daily"), expected_adoption(active, using))


def test_daily_adoption_ends_at_the_truth(simulated: Simulated, active: Days) -> None:
    users = {feature: len(found) for feature, found in simulated.truth.feature_users.items()}
    rows = simulated.rows("SELECT feature, sum(new_users) AS users FROM adoption_daily GROUP BY feature")
    assert {row["feature"]: row["users"] for row in rows} == users
    rows = simulated.rows(f"SELECT feature, users_28d FROM adoption_daily WHERE day = '{last_day(active)}'")
    assert {row["feature"]: row["users_28d"] for row in rows} == users


# --- by week


def expected_retention(active: Days, using: dict[str, Days]) -> dict[tuple[str, date, int], tuple[int, int, bool]]:
    latest = monday(last_day(active))
    found = {}
    for feature, days_of in using.items():
        weeks_of = {user: {monday(day) for day in days} for user, days in days_of.items()}
        for cohort in {min(weeks) for weeks in weeks_of.values()}:
            own = [weeks for weeks in weeks_of.values() if min(weeks) == cohort]
            for number in range((latest - cohort).days // 7 + 1):
                week = cohort + timedelta(weeks=number)
                found[feature, cohort, number] = (len(own), sum(week in weeks for weeks in own), week < latest)
    return found


def assert_retention(rows: list[dict[str, Any]], expected: dict[tuple[str, date, int], tuple[int, int, bool]]) -> None:
    keys = ("feature", "cohort_week", "week_number")
    values = ("cohort_users", "returned", "complete")
    assert {tuple(row[k] for k in keys): tuple(row[v] for v in values) for row in rows} == expected
    for row in rows:
        assert row["week_start"] == row["cohort_week"] + timedelta(weeks=row["week_number"])
        assert row["share"] == pytest.approx(row["returned"] / row["cohort_users"])
        assert holds(row, "share")
        assert row["week_number"] or row["share"] == 1


def test_retention_is_a_recount(simulated: Simulated, active: Days, using: dict[str, Days]) -> None:
    assert_retention(simulated.rows("SELECT * FROM retention_weekly"), expected_retention(active, using))


# --- from a flag to a habit


def test_the_funnel_of_the_flag_is_the_truth(simulated: Simulated) -> None:
    truth, flag = simulated.truth, world.FLAG
    on, off = truth.flag_users["on"], truth.flag_users["off"]
    days = {user: [day_of({"ms": ms}).date() for ms in moments] for user, moments in truth.flag_uses.items()}
    kept = [user for user, own in days.items() if any(7 <= (day - min(own)).days <= 28 for day in own)]
    rows = simulated.rows(f"SELECT * FROM adoption_funnel(flag = '{flag.feature}')")
    assert [(row["step_number"], row["step"], row["units"]) for row in rows] == [
        (1, "eligible", len(on | off)),
        (2, "exposed", len(on)),
        (3, "used", len(days)),
        (4, "kept", len(kept)),
    ]
    # The flag is there for 17 of the 28 days: nobody's 28 days are over, so nothing is said of the share that stays.
    assert [(row["due"], row["reached"], row["share"]) for row in rows][3] == (0, 0, None)
    assert_near(
        [check("the flag", rows[1], "share", flag.on_share), check("its feature", rows[2], "share", flag.taken_up)]
    )


# --- estimates


def test_features_of_estimates_are_a_recount(simulated: Simulated) -> None:
    found: defaultdict[tuple[date, str], list[bool]] = defaultdict(list)
    for event in simulated.named("estimate.created"):
        made_of = event["properties"]
        if made_of["outcome"] == "ok":
            day = day_of(event).date()
            found[day, "library"].append(made_of["library_items_count"] > 0)
            found[day, "bulk-edit"].append(made_of["used_bulk"])
            found[day, "spreadsheet-editor"].append(made_of["used_spreadsheet"])
    rows = simulated.rows("SELECT * FROM estimate_features_daily")
    assert {(row["day"], row["feature"]): (row["estimates"], row["using_it"]) for row in rows} == {
        key: (len(own), sum(own)) for key, own in found.items()
    }
    for row in rows:
        assert row["share"] == row["using_it"] / row["estimates"]
        assert holds(row, "share")
    library = [row for row in rows if row["feature"] == "library"]
    with_items = simulated.truth.estimates["created", True]
    assert sum(row["using_it"] for row in library) == with_items
    assert sum(row["estimates"] for row in library) == with_items + simulated.truth.estimates["created", False]


# --- what the simulated world does not do: long pauses, devices, people who come back on the last day that counts

BEGIN = at("2026-03-02")
LATEST = 40
"""Days after BEGIN on which somebody is active for the last time."""


def use(day: float, user: str | None, feature: str = "lens", device: str | None = None) -> Record:
    return made("feature.used", BEGIN + round(day * DAY_MS), user, device, feature=feature)


def evaluate(day: float, variant: str | None, user: str | None, device: str | None = None) -> Record:
    return made("flag.evaluated", BEGIN + round(day * DAY_MS), user, device, flag="lens", variant=variant)


def estimate(number: int, **properties: Any) -> Record:
    common: dict[str, Any] = {
        "estimate_id": f"e-{number}",
        "elements_count": 10,
        "estimated_cost": 1.0,
        "currency": "EUR",
    }
    return made("estimate.created", BEGIN + number, "estimator", **common | properties)


FLAGGED: dict[str, list[float]] = {
    # first use on day 1; when again
    "again after 6 days": [1, 7],
    "again after 7 days": [1, 8],
    "again after 28 days": [1, 29],
    "again after 29 days": [1, 30],
    "never again": [1],
    "twice on a day": [1, 1.2],
    # before the flag was on for them
    "used before only": [0.4],
    "used before and after": [0.4, 1, 8],
    # 28 days after the 11th and the 12th end on the 39th and the 40th, the second of which still runs
    "just over": [11, 18],
    "not yet over": [12, 19],
}


def stream() -> Iterator[Record]:
    """Give what people do who come when it matters."""
    for user, days in FLAGGED.items():
        yield evaluate(0.2, "off", user)
        yield evaluate(0.5, "on", user)
        for day in days:
            yield use(day, user)
    for variant in (None, "off", "False", "control", "0"):
        yield evaluate(2, variant, f"got {variant}")
        yield use(3, f"got {variant}")
    yield evaluate(2, "blue", None, "phone")
    yield use(3, None, device="phone")
    yield made("page.viewed", BEGIN + LATEST * DAY_MS, "the latest")
    # at both ends of windows of 7 and of 28 days; and twice in an hour, which is one user still
    for number, gap in enumerate((6, 7, 27, 28)):
        for day in (0, gap):
            yield use(day, f"gap-{number}", "gaps")
            yield made("library.search", BEGIN + day * DAY_MS + number, f"gap-{number}", results_count=1)
    # which do not say of every feature whether it was used, and one that failed
    yield estimate(1, library_items_count=0, used_bulk=True, used_spreadsheet=False)
    yield estimate(2, library_items_count=3, used_bulk=None)
    yield estimate(3, library_items_count=1, outcome="error", used_bulk=True)
    yield estimate(4, library_items_count=None)
    # at both ends of a day and of a week
    yield use(7 - 1 / DAY_MS, "by a millisecond", "ends")
    yield use(7, "by a millisecond", "ends")
    yield use(20, "once", "ends")


@pytest.fixture(scope="module")
def made_by_hand(store: ClickHouse) -> ClickHouse:
    feed_with_a_crash(store, stream(), ROLLUPS, FACTS)
    return store


def known(store: ClickHouse) -> tuple[Days, dict[str, Days]]:
    """Recount who was there when, from the records themselves."""
    active: defaultdict[str, set[date]] = defaultdict(set)
    using: defaultdict[str, defaultdict[str, set[date]]] = defaultdict(lambda: defaultdict(set))
    for event in (as_event(record) for record in stream()):
        if event["userId"]:
            active[event["userId"]].add(day_of(event).date())
            if feature := feature_of(event):
                using[feature][event["userId"]].add(day_of(event).date())
    return active, dict(using)


def as_event(record: Record) -> Event:
    event: Event = orjson.loads(record[1])
    return event | {"ms": record[2]}


def test_pauses_and_ends_of_windows_are_counted_as_a_recount_does(made_by_hand: ClickHouse) -> None:
    active, using = known(made_by_hand)
    assert_adoption(rows_of(made_by_hand, "SELECT * FROM adoption_daily"), expected_adoption(active, using))
    assert_retention(rows_of(made_by_hand, "SELECT * FROM retention_weekly"), expected_retention(active, using))


def test_days_and_weeks_end_by_the_millisecond(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT * FROM retention_weekly WHERE feature = 'ends' AND cohort_week = '2026-03-02'")
    assert [row["returned"] for row in rows] == [1, 1, 0, 0, 0, 0]
    assert [row["complete"] for row in rows] == [True] * 5 + [False]


def test_a_pause_of_28_days_is_out_of_sight_on_its_last_day_only(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT day, users_28d FROM adoption_daily WHERE feature = 'gaps' ORDER BY day")
    users = {(row["day"] - date(2026, 3, 2)).days: row["users_28d"] for row in rows}
    assert [users[day] for day in (0, 26, 27, 28)] == [4, 4, 4, 4]
    # gap-0 and gap-1 were last there on days 6 and 7
    assert [users[day] for day in (33, 34, 35, LATEST)] == [4, 3, 2, 2]


def test_the_funnel_has_those_who_came_back_from_the_7th_to_the_28th_day(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT * FROM adoption_funnel(flag = 'lens')")
    others = 5  # for whom it came out as off, in one way or another
    on = len(FLAGGED) + 1  # with the phone
    assert [(row["step"], row["units"], row["due"], row["reached"]) for row in rows] == [
        ("eligible", on + others, on + others, on + others),
        ("exposed", on, on + others, on),
        ("used", on - 1, on, on - 1),  # all but who used it before only
        (
            "kept",
            5,
            on - 2,
            4,
        ),  # after 7 days, after 28, before and after, just over; and not yet over, which is not due
    ]


def test_a_flag_that_nobody_met_has_steps_without_units(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT units, due, share FROM adoption_funnel(flag = 'nowhere')")
    assert rows == [{"units": 0, "due": 0, "share": None}] * 4


def test_a_device_is_active_and_no_user(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT * FROM unit_activity WHERE unit = 'phone' ORDER BY hour")
    assert [(row["unit_kind"], row["events"]) for row in rows] == [("device", 1), ("device", 1)]
    assert (rows[1]["hour"] - rows[0]["hour"]).total_seconds() * 1000 == 24 * HOUR_MS


def test_estimates_that_say_nothing_of_a_feature_are_not_counted_for_it(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT * FROM estimate_features_daily ORDER BY feature")
    assert [(row["feature"], row["estimates"], row["using_it"], row["share"]) for row in rows] == [
        ("bulk-edit", 1, 1, 1.0),
        ("library", 2, 1, 0.5),
        ("spreadsheet-editor", 1, 0, 0.0),
    ]
