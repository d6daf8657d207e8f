"""Scores, ratings, reports and tickets: the views against plain recounts of the same events, and against the world's truth."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from local.producer import Record
from local.simulator import truths, world
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed
from tests.sql.handmade import made
from tests.sql.intervals import assert_near, check
from tests.sql.simulation import FACTS, ROLLUPS, Simulated, day_of

pytestmark = pytest.mark.service

PERIODS: dict[str, Callable[[date], date]] = {
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1),
}


def tallied(votes: list[tuple[int, str, float]], period: str) -> dict[date, tuple[int, int, int, int]]:
    """Count votes (ms, person, score): period -> votes, promoters, passives, detractors."""
    latest: dict[tuple[date, str], float] = {}
    for ms, person, score in sorted(votes, key=lambda vote: vote[0]):
        latest[PERIODS[period](day_of({"ms": ms}).date()), person] = score
    counts: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (start, _), score in latest.items():
        kind = 1 if score >= 9 else 3 if score <= 6 else 2
        counts[start][0] += 1
        counts[start][kind] += 1
    return {start: (own[0], own[1], own[2], own[3]) for start, own in counts.items()}


def assert_tally(rows: list[dict[str, Any]], expected: dict[date, tuple[int, int, int, int]]) -> None:
    names = ("votes", "promoters", "passives", "detractors")
    assert {row["period_start"]: tuple(row[name] for name in names) for row in rows} == expected
    for row in rows:
        assert row["nps"] == pytest.approx(100 * (row["promoters"] - row["detractors"]) / row["votes"])


@pytest.mark.parametrize("period", PERIODS)
def test_nps_is_the_truth(simulated: Simulated, period: str) -> None:
    rows = simulated.rows(f"SELECT * FROM nps(period = '{period}')")
    assert_tally(rows, tallied([*simulated.truth.votes], period))
    assert_near([check(row["period_start"], row, "nps", world.nps()) for row in rows])


def test_ratings_are_a_recount_around_the_true_mean(simulated: Simulated) -> None:
    scores = defaultdict(list)
    for event in simulated.named("feedback.submitted"):
        if event["properties"]["kind"] == "rating":
            month = day_of(event).date().replace(day=1)
            scores[month, event["properties"]["feature"]].append((event["unit"], event["properties"]["score"]))
    rows = simulated.rows("SELECT * FROM satisfaction")
    assert {(row["month"], row["feature"]) for row in rows} == scores.keys()
    for row in rows:
        own = scores[row["month"], row["feature"]]
        given = [score for _, score in own]
        assert (row["ratings"], row["people"]) == (len(own), len({person for person, _ in own}))
        assert row["mean"] == pytest.approx(np.mean(given))
        assert row["satisfied"] == sum(score >= 4 for score in given)
        assert row["satisfied_share"] == pytest.approx(row["satisfied"] / len(own))
        assert row["mean_low"] is None or 1 <= row["mean_low"] < row["mean"] < row["mean_high"] <= 5
    satisfied = world.RATING_SHARE[4] + world.RATING_SHARE[5]
    known = [row for row in rows if row["mean_low"] is not None]
    assert_near([check(row["feature"], row, "mean", truths.mean_rating()) for row in known])
    assert_near([check(row["feature"], row, "satisfied_share", satisfied) for row in rows])


def test_ratings_are_counted_as_they_were_given(simulated: Simulated) -> None:
    found = simulated.rows(
        "SELECT feature, score, count() AS count FROM feedback WHERE kind = 'rating' GROUP BY feature, score"
    )
    assert {(row["feature"], int(row["score"])): row["count"] for row in found} == simulated.truth.ratings


def test_reports_and_wishes_are_counted_by_area_and_week(simulated: Simulated) -> None:
    expected: Counter[tuple[Any, ...]] = Counter()
    for event in simulated.named("feedback.submitted"):
        if event["properties"]["kind"] in ("bug", "feature_request"):
            week = PERIODS["week"](day_of(event).date())
            expected[week, event["properties"]["kind"], event["properties"]["area"]] += 1
    rows = simulated.rows("SELECT * FROM feedback_topics")
    assert {(row["week"], row["kind"], row["area"]): row["count"] for row in rows} == expected
    assert all(1 <= row["people"] <= row["count"] for row in rows)
    of_all_weeks: Counter[tuple[str, str]] = Counter()
    for row in rows:
        of_all_weeks[row["kind"], row["area"]] += row["count"]
    topics = {topic: count for topic, count in simulated.truth.topics.items() if topic[0] != "comment"}
    assert of_all_weeks == topics


def test_tickets_are_counted_by_area_severity_and_week(simulated: Simulated) -> None:
    expected: Counter[tuple[Any, ...]] = Counter()
    for event in simulated.named("support.ticket_opened"):
        week = PERIODS["week"](day_of(event).date())
        expected[week, event["properties"]["area"], event["properties"]["severity"]] += 1
    rows = simulated.rows("SELECT * FROM support_tickets")
    assert {(row["week"], row["area"], row["severity"]): row["count"] for row in rows} == expected
    of_all_weeks: Counter[tuple[str, str]] = Counter()
    for row in rows:
        of_all_weeks[row["area"], row["severity"]] += row["count"]
    assert of_all_weeks == simulated.truth.tickets


# --- people who change their minds


def vote(moment: datetime, person: str, score: float, device: str | None = None) -> Record:
    return made("feedback.submitted", int(moment.timestamp() * 1000), person or None, device, kind="nps", score=score)


def opinions() -> Iterator[tuple[datetime, str, float]]:
    """Give votes of few people who vote often, at the bounds of periods too."""
    rng = np.random.default_rng(3)
    for hours in sorted(rng.uniform(0, 200 * 24, 500)):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(hours * 3_600_000))
        yield moment, f"p-{rng.integers(12)}", float(rng.choice([0, 6, 6.5, 7, 8, 8.5, 9, 10]))
        if hours < 100:
            yield datetime(2026, 2, 1, tzinfo=UTC) - timedelta(milliseconds=int(rng.integers(2))), "on the bound", 10.0


@pytest.fixture(scope="module")
def voted(store: ClickHouse) -> list[tuple[int, str, float]]:
    """Votes (ms, person, score), in the order of their time and, at one moment, of their arrival."""
    votes = sorted(opinions(), key=lambda opinion: opinion[0])
    feed(store, [vote(*opinion) for opinion in votes], ROLLUPS, FACTS)
    return [(int(moment.timestamp() * 1000), person, score) for moment, person, score in votes]


@pytest.mark.parametrize("period", PERIODS)
def test_a_person_has_one_vote_a_period_and_it_is_the_latest(
    store: ClickHouse, voted: list[tuple[int, str, float]], period: str
) -> None:
    columns, rows = store.table(f"SELECT * FROM nps(period = '{period}')")
    expected = tallied(voted, period)
    assert_tally([dict(zip(columns, row, strict=True)) for row in rows], expected)
    assert sum(votes for votes, *_ in expected.values()) < len(voted)


def test_few_votes_do_not_look_certain(store: ClickHouse) -> None:
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    feed(store, [vote(moment, "", 10, f"device-{number}") for number in range(3)], ROLLUPS, FACTS)
    rows = store.query(
        "SELECT votes, nps, nps_low, nps_high FROM nps(period = 'month') WHERE period_start = '2027-01-01'"
    )
    assert rows[0][:2] == (3, 100.0)
    assert rows[0][2] < 0
    assert rows[0][3] == 100.0
