"""Estimates, time and money: the views against plain recounts of the same events, and against what is so in the world."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from local.simulator import truths
from sinks.clickhouse import StoreRefusedError
from tests.sql.intervals import assert_near, check
from tests.sql.simulation import Event, Simulated, day_of

pytestmark = pytest.mark.service

LIFE = ("estimate.created", "estimate.revised", "estimate.closed")
KINDS = {"with": "library", "without": "plain"}


@dataclass
class Estimate:
    """What a plain recount knows of an estimate."""

    unit: str = ""
    created: Event | None = None
    closed: Event | None = None
    revisions: int = 0

    @property
    def used_library(self) -> bool | None:
        return None if self.created is None else self.created["properties"]["library_items_count"] > 0


@pytest.fixture(scope="module")
def recounted(simulated: Simulated) -> dict[str, Estimate]:
    found: defaultdict[str, Estimate] = defaultdict(Estimate)
    for event in simulated.named(*LIFE):
        if event["properties"]["outcome"] == "ok":
            own = found[event["properties"]["estimate_id"]]
            if event["event"] == "estimate.created":
                own.created, own.unit = event, event["unit"]
            elif event["event"] == "estimate.closed":
                own.closed = event
                own.revisions = max(own.revisions, event["properties"]["revisions_count"])
            else:
                own.revisions = max(own.revisions, event["properties"]["revision"])
    return found


def month_of(event: Event) -> date:
    return day_of(event).date().replace(day=1)


def test_estimates_have_their_latest_state(simulated: Simulated, recounted: dict[str, Estimate]) -> None:
    rows = {row["estimate_id"]: row for row in simulated.rows("SELECT * FROM estimates")}
    assert rows.keys() == recounted.keys()
    for estimate_id, row in rows.items():
        own = recounted[estimate_id]
        assert own.created is not None
        made = own.created["properties"]
        last = made | (own.closed["properties"] if own.closed else {})
        assert (row["unit"], row["revisions"]) == (own.unit, own.revisions)
        assert row["status"] == ("closed" if own.closed else "open")
        for name in (
            "elements_count",
            "library_items_count",
            "used_bulk",
            "used_spreadsheet",
            "estimated_cost",
            "currency",
        ):
            assert row[name] == last[name], name
        assert row["actual_cost"] == last.get("actual_cost")
        assert row["creation_minutes"] == pytest.approx(made["duration_ms"] / 60_000)
        assert row["used_library"] is own.used_library


def test_estimates_are_as_many_as_the_world_made(simulated: Simulated) -> None:
    rows = simulated.rows("SELECT used_library, status, count() AS count FROM estimates GROUP BY used_library, status")
    found: Counter[tuple[str, bool]] = Counter()
    for row in rows:
        found["created", row["used_library"]] += row["count"]
        if row["status"] == "closed":
            found["closed", row["used_library"]] += row["count"]
    assert found == simulated.truth.estimates


# --- time


def clustered_error(values: NDArray[np.float64], library: NDArray[np.bool_], people: list[str]) -> float:
    """Give the standard error of the difference of two means by regression on a dummy, clustered by person (CR1)."""
    design = np.column_stack([np.ones(len(values)), library])
    bread = np.linalg.inv(design.T @ design)
    residuals = values - design @ (bread @ design.T @ values)
    names = np.array(people)
    scores = np.array([design[names == person].T @ residuals[names == person] for person in np.unique(names)])
    variance = bread @ (scores.T @ scores) @ bread * len(scores) / (len(scores) - 1)
    return float(np.sqrt(variance[1, 1]))


def test_time_savings_are_a_recount(simulated: Simulated, recounted: dict[str, Estimate]) -> None:
    made = defaultdict(list)
    for own in recounted.values():
        if own.created is not None:
            minutes = own.created["properties"]["duration_ms"] / 60_000
            made[month_of(own.created)].append((minutes, bool(own.used_library), own.unit))
    rows = simulated.rows("SELECT * FROM time_savings")
    assert {row["month"] for row in rows} == made.keys()
    for row in rows:
        minutes, library, people = (list(column) for column in zip(*made[row["month"]], strict=True))
        values, used = np.array(minutes), np.array(library)
        assert (row["estimates_with"], row["estimates_without"]) == (used.sum(), (~used).sum())
        assert row["people"] == len(set(people))
        assert row["median_minutes_with"] == pytest.approx(np.median(values[used]))
        assert row["mean_minutes_without"] == pytest.approx(values[~used].mean())
        saved = values[~used].mean() - values[used].mean()
        assert row["minutes_saved"] == pytest.approx(saved)
        assert row["hours_saved"] == pytest.approx(saved * used.sum() / 60)
        half = 1.9654 * clustered_error(values, used, people)  # Student's t for some 400 people
        assert row["minutes_saved_high"] - saved == pytest.approx(half, rel=2e-3)
        assert saved - row["minutes_saved_low"] == pytest.approx(half, rel=2e-3)
        logs = np.log(values)
        assert np.log(row["time_ratio"]) == pytest.approx(logs[used].mean() - logs[~used].mean())
        half = 1.9654 * clustered_error(logs, used, people)
        assert np.log(row["time_ratio_high"] / row["time_ratio"]) == pytest.approx(half, rel=2e-3)


def test_the_library_saves_the_declared_time(simulated: Simulated) -> None:
    rows = simulated.rows("SELECT * FROM time_savings")
    checks = [check(row["month"], row, "minutes_saved", truths.minutes_saved()) for row in rows]
    assert_near([*checks, *(check(row["month"], row, "time_ratio", truths.time_ratio()) for row in rows)])


# --- accuracy


def test_accuracy_is_a_recount(simulated: Simulated, recounted: dict[str, Estimate]) -> None:
    errors = defaultdict(list)
    for own in recounted.values():
        if own.closed is not None:
            last = own.closed["properties"]
            error = last["estimated_cost"] / last["actual_cost"] - 1
            for library in ("all", "with" if own.used_library else "without"):
                errors[month_of(own.closed), library].append(error)
    rows = simulated.rows("SELECT * FROM estimate_accuracy")
    assert {(row["month"], row["library"]) for row in rows} == errors.keys()
    for row in rows:
        own_errors = np.array(errors[row["month"], row["library"]])
        assert row["count"] == len(own_errors)
        assert row["bias"] == pytest.approx(own_errors.mean())
        assert row["mape"] == pytest.approx(np.abs(own_errors).mean())
        assert row["within_10"] == (np.abs(own_errors) <= 0.1).sum()


def test_accuracy_is_that_of_the_world(simulated: Simulated) -> None:
    checks = []
    for row in simulated.rows("SELECT * FROM estimate_accuracy WHERE library IN ('with', 'without')"):
        kind = KINDS[row["library"]]
        checks.append(check(row["library"], row, "bias", truths.estimate_bias(kind)))
        checks.append(check(row["library"], row, "mape", truths.estimate_mape(kind)))
        checks.append(check(row["library"], row, "within_10_share", truths.estimates_within(kind, 0.1)))
    assert len(checks) == 12
    assert_near(checks)


def test_truths_about_accuracy_are_those_of_many_draws() -> None:
    rng = np.random.default_rng(5)
    for kind in KINDS.values():
        mu, sigma = truths._log_ratio(kind)
        ratios = rng.lognormal(mu, sigma, 1_000_000)
        assert truths.estimate_bias(kind) == pytest.approx(np.mean(ratios - 1), abs=5e-4)
        assert truths.estimate_mape(kind) == pytest.approx(np.mean(np.abs(ratios - 1)), abs=5e-4)
        assert truths.estimates_within(kind, 0.1) == pytest.approx(np.mean(np.abs(ratios - 1) <= 0.1), abs=2e-3)


# --- productivity


def productivity(simulated: Simulated, recounted: dict[str, Estimate]) -> Iterator[tuple[tuple[date, str], str, float]]:
    """Give ((month, measure), unit, value) of everything that is averaged."""
    for own in recounted.values():
        assert own.created is not None
        yield (month_of(own.created), "elements_per_estimate"), own.unit, own.created["properties"]["elements_count"]
        if own.closed is not None:
            yield (month_of(own.closed), "revisions_per_estimate"), own.unit, own.revisions
    sessions = defaultdict(list)
    for event in simulated.named("library.search", "library.item_selected", "library.item_created"):
        added = event["event"] != "library.search" and event["properties"]["outcome"] == "ok"
        sessions[event["unit"], event["context"]["sessionId"]].append((event["ms"], added))
    for (unit, _), work in sessions.items():
        month = month_of({"ms": min(work)[0]})
        yield (month, "items_added_per_session"), unit, sum(added for _, added in work)
    weeks: Counter[tuple[str, date]] = Counter()
    for event in simulated.named(*LIFE):
        day = day_of(event).date()
        if event["properties"]["outcome"] == "ok":
            weeks[event["unit"], day - timedelta(days=day.weekday())] += event["event"] == "estimate.created"
    for (unit, monday), created in weeks.items():
        yield (monday.replace(day=1), "estimates_per_user_week"), unit, created


def test_productivity_is_a_recount(simulated: Simulated, recounted: dict[str, Estimate]) -> None:
    values: defaultdict[tuple[date, str], list[tuple[str, float]]] = defaultdict(list)
    for key, unit, value in productivity(simulated, recounted):
        values[key].append((unit, value))
    rows = simulated.rows("SELECT * FROM productivity")
    assert {(row["month"], row["measure"]) for row in rows} == values.keys()
    for row in rows:
        own = values[row["month"], row["measure"]]
        assert (row["count"], row["people"]) == (len(own), len({unit for unit, _ in own}))
        assert row["mean"] == pytest.approx(np.mean([value for _, value in own]))
        assert row["median"] == pytest.approx(median(value for _, value in own))
        assert row["mean_low"] < row["mean"] < row["mean_high"]
        assert row["mean"] - row["mean_low"] == pytest.approx(row["mean_high"] - row["mean"])


# --- money: what people fill in


@pytest.fixture(scope="module")
def filled(simulated: Simulated) -> Iterator[None]:
    """Rates and costs as the comment of the view shows how to fill them; they are taken back at the end."""
    store = simulated.store
    store.command(
        "INSERT INTO hourly_rates (valid_from, amount, currency, note) VALUES "
        "('2026-01-15', 50, 'EUR', 'mean of all sites'), ('2026-04-20', 60, 'EUR', 'new wages'), "
        "('2026-04-02', 1, 'EUR', 'a slip')"
    )
    store.command(
        "INSERT INTO costs (month, kind, amount, currency, note) VALUES "
        "('2026-02-10', 'one_time', 20000, 'EUR', 'introduction'), ('2026-03-01', 'monthly', 1500, 'EUR', 'licences'), "
        "('2026-04-30', 'monthly', -500, 'EUR', 'fewer licences'), ('2026-04-01', 'one_time', 9, 'USD', 'not in euros')"
    )
    yield
    for table in ("hourly_rates", "costs"):
        store.command(f"TRUNCATE TABLE {table}")


def test_without_a_rate_hours_are_saved_but_no_money(simulated: Simulated) -> None:
    rows = simulated.rows("SELECT * FROM time_savings")
    assert all(row["hours_saved"] > 0 and row["money_saved"] is row["hourly_rate"] is None for row in rows)
    assert simulated.rows("SELECT * FROM roi(currency = 'EUR')") == []


@pytest.mark.usefixtures("filled")
def test_money_is_hours_at_the_latest_rate_of_the_month(simulated: Simulated) -> None:
    rows = simulated.rows("SELECT * FROM time_savings ORDER BY month")
    assert [(row["month"], row["hourly_rate"], row["currency"]) for row in rows] == [
        (date(2026, 3, 1), 50, "EUR"),
        (date(2026, 4, 1), 60, "EUR"),
    ]
    for row in rows:
        for bound in ("", "_low", "_high"):
            assert row[f"money_saved{bound}"] == pytest.approx(row[f"hours_saved{bound}"] * row["hourly_rate"])


@pytest.mark.usefixtures("filled")
def test_roi_follows_from_savings_and_costs(simulated: Simulated) -> None:
    savings = {row["month"]: row for row in simulated.rows("SELECT * FROM time_savings")}
    rows = simulated.rows("SELECT * FROM roi(currency = 'EUR')")
    costs = [(20_000, 0), (0, 1_500), (0, 1_000)]
    assert [row["month"] for row in rows] == [date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)]
    assert [(row["one_time_cost"], row["monthly_cost"]) for row in rows] == costs
    totals, total_cost, payback = dict.fromkeys(("", "_low", "_high"), 0.0), 0.0, None
    for number, (row, (once, monthly)) in enumerate(zip(rows, costs, strict=True), start=1):
        total_cost += once + monthly
        saved: dict[str, Any] = savings.get(row["month"], {})
        for bound in totals:
            totals[bound] += saved.get(f"money_saved{bound}", 0.0)
            assert row[f"total_saved{bound}"] == pytest.approx(totals[bound])
            assert row[f"roi{bound}"] == pytest.approx(totals[bound] / total_cost - 1)
        assert row["total_cost"] == total_cost
        payback = number if payback is None and totals[""] >= total_cost else payback
        assert row["payback_months"] == payback
        monthly_so_far = total_cost - 20_000
        for bound, other in (("", ""), ("_low", "_high"), ("_high", "_low")):
            left = (totals[other] - monthly_so_far) / number
            expected = pytest.approx(20_000 / left) if left > 0 else None
            assert row[f"expected_payback_months{bound}"] == expected
    assert rows[-1]["total_estimates_with"] == sum(row["estimates_with"] for row in savings.values())
    assert payback is not None


@pytest.mark.usefixtures("filled")
def test_other_currencies_are_left_out(simulated: Simulated) -> None:
    rows = simulated.rows("SELECT * FROM roi(currency = 'USD')")
    assert [(row["month"], row["total_cost"], row["total_saved"], row["roi"]) for row in rows] == [
        (date(2026, 4, 1), 9.0, 0.0, -1.0)
    ]
    assert simulated.rows("SELECT * FROM roi(currency = 'JPY')") == []


@pytest.mark.parametrize("row", ["'yearly', 5, 'EUR'", "'monthly', 5, 'euros'", "'monthly', nan, 'EUR'"])
def test_a_cost_that_means_nothing_is_refused(simulated: Simulated, row: str) -> None:
    before = simulated.rows("SELECT * FROM costs ORDER BY ALL")
    with pytest.raises(StoreRefusedError, match="VIOLATED_CONSTRAINT"):
        simulated.store.command(f"INSERT INTO costs (month, kind, amount, currency) SELECT '2026-01-01', {row}")
    assert simulated.rows("SELECT * FROM costs ORDER BY ALL") == before
