"""Experiments: the views against plain recounts of the same events, and against what is so in the world: one effect, and none."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import exp, sqrt
from statistics import covariance, variance
from typing import Any

import pytest

from local.producer import Record
from local.simulator import world
from local.simulator.assignment import BrokenAssignment, BrokenKind, variant_of
from local.simulator.simulator import Plan
from pipelines.experiments import EXPERIMENT_EXPOSURES, EXPERIMENT_GOALS
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed, migrated
from tests.sql.handmade import HOUR_MS, at, feed_with_a_crash, made
from tests.sql.intervals import FAR, assert_near, check, holds
from tests.sql.simulation import Event, Simulated, accepted, rows_of, simulate, start_of

pytestmark = pytest.mark.service

HOURS = 28 * 24
"""A window that is longer than the world."""


@dataclass
class Unit:
    """What a plain recount knows of a unit: its exposures (ms, variant) and the goal's (ms, value)."""

    exposures: list[tuple[int, str]]
    goals: list[tuple[int, float]]

    @property
    def exposed_ms(self) -> int:
        return min(self.exposures)[0]

    @property
    def variant(self) -> str:
        return min(self.exposures)[1]

    @property
    def in_two(self) -> bool:
        return len({variant for _, variant in self.exposures}) > 1

    def values(self, low_ms: float, high_ms: float) -> list[float]:
        """Give the values of goals that were reached so long after the exposure, both ends included."""
        return [value for ms, value in self.goals if low_ms <= ms - self.exposed_ms <= high_ms]


def goal_of(event: Event) -> str | None:
    properties = event["properties"]
    if properties.get("outcome") == "error" or not event["unit"]:
        return None
    if event["event"] == "task.completed":
        return str(properties["task"]) if properties["completed"] else None
    return str(event["event"]) if event["event"] == "estimate.created" else None


def units_of(events: Sequence[Event], experiment: str, goal: str) -> dict[str, Unit]:
    units: defaultdict[str, Unit] = defaultdict(lambda: Unit([], []))
    for event in events:
        if event["event"] == "experiment.exposed" and event["properties"]["experiment"] == experiment:
            units[event["unit"]].exposures.append((event["ms"], event["properties"]["variant"]))
    for event in events:
        if goal_of(event) == goal and event["unit"] in units:
            units[event["unit"]].goals.append((event["ms"], event["properties"]["duration_ms"]))
    return dict(units)


def results_of(source: ClickHouse, experiment: str, goal: str, hours: float) -> dict[str, dict[str, Any]]:
    rows = rows_of(
        source,
        f"SELECT * FROM experiment_results(experiment = '{experiment}', goal = '{goal}', window_hours = {hours})",
    )
    return {row["variant"]: row for row in rows}


def assert_results(found: dict[str, dict[str, Any]], units: dict[str, Unit], hours: float) -> None:
    assert found.keys() == {unit.variant for unit in units.values()}
    window = int(hours * HOUR_MS)
    for variant, row in found.items():
        own = [unit for unit in units.values() if unit.variant == variant]
        counted = [unit for unit in own if not unit.in_two]
        reached = [unit.values(0, window) for unit in counted]
        y = [sum(values) for values in reached]
        x = [sum(unit.values(-window, -1)) for unit in counted]
        conversions = sum(bool(values) for values in reached)
        assert (row["units"], row["units_in_two"]) == (len(counted), len(own) - len(counted))
        assert (row["conversions"], row["goals"]) == (conversions, sum(map(len, reached)))
        assert row["value_sum"] == pytest.approx(sum(y), rel=1e-12)
        assert row["value_sum_squares"] == pytest.approx(sum(value**2 for value in y), rel=1e-12)
        if counted:
            assert row["rate"] == conversions / len(counted)
            assert holds(row, "rate")
            assert row["value_mean"] == pytest.approx(sum(y) / len(y), rel=1e-12)
            assert row["before_mean"] == pytest.approx(sum(x) / len(x), rel=1e-12)
        if len(counted) > 1:
            assert row["value_variance"] == pytest.approx(variance(y), rel=1e-9)
            assert row["before_variance"] == pytest.approx(variance(x), rel=1e-9)
            assert row["before_covariance"] == pytest.approx(covariance(x, y), rel=1e-6, abs=1e-3)
        else:
            assert row["value_variance"] is row["before_variance"] is row["before_covariance"] is None


# --- the world


def test_exposures_are_a_recount(simulated: Simulated) -> None:
    expected = defaultdict(list)
    for event in simulated.named("experiment.exposed"):
        properties = event["properties"]
        expected[properties["experiment"], event["unit"], properties["variant"]].append(event["ms"])
    rows = simulated.rows("SELECT *, toUnixTimestamp64Milli(first_exposure) AS first_ms FROM experiment_exposures")
    found = {(r["experiment"], r["unit"], r["variant"]): (r["exposures"], r["first_ms"]) for r in rows}
    assert found == {key: (len(times), min(times)) for key, times in expected.items()}
    assert len(rows) == len(expected)


def test_goals_are_a_recount(simulated: Simulated) -> None:
    expected = sorted(
        (goal, event["unit"], event["ms"], event["properties"]["duration_ms"])
        for event in simulated.events
        if (goal := goal_of(event))
    )
    rows = simulated.rows("SELECT *, toUnixTimestamp64Milli(time) AS ms FROM experiment_goals")
    assert sorted((row["goal"], row["unit"], row["ms"], row["value"]) for row in rows) == expected
    assert {"estimate.created", "find_item", "send_estimate"} < {goal for goal, *_ in expected}


@pytest.mark.parametrize("hours", [HOURS, 72, 0.25])
@pytest.mark.parametrize("goal", ["find_item", "send_estimate", "price_elements", "estimate.created", "nothing"])
def test_results_are_a_recount(simulated: Simulated, goal: str, hours: float) -> None:
    for name in world.EXPERIMENTS:
        units = units_of(simulated.events, name, goal)
        assert_results(results_of(simulated.store, name, goal, hours), units, hours)


def test_what_was_before_the_exposure_is_there_to_be_compared_with(simulated: Simulated) -> None:
    found = results_of(simulated.store, "search_ranking", "price_elements", 240)
    assert all(row["before_mean"] > 0 and row["before_variance"] > 0 for row in found.values())


def test_units_and_conversions_are_the_truth(simulated: Simulated) -> None:
    for name, experiment in world.EXPERIMENTS.items():
        found = results_of(simulated.store, name, experiment.goal_task, HOURS)
        assert {variant: (row["units"], row["units_in_two"]) for variant, row in found.items()} == {
            variant: (len(simulated.truth.exposures[name, variant]), 0) for variant in experiment.variants
        }
        assert {variant: row["conversions"] for variant, row in found.items()} == {
            variant: len(simulated.truth.conversions[name, variant]) for variant in experiment.variants
        }


def test_the_effect_is_of_its_size_and_where_there_is_none_there_is_none(simulated: Simulated) -> None:
    checks = []
    for name, experiment in world.EXPERIMENTS.items():
        control, treatment = experiment.variants
        found = results_of(simulated.store, name, experiment.goal_task, HOURS)
        checks += [
            check(f"{name} {variant}", found[variant], "rate", share)
            for variant, share in experiment.conversion.items()
        ]
        counts = [found[variant][count] for variant in (treatment, control) for count in ("conversions", "units")]
        call = "({})".format(", ".join(map(str, counts)))
        bounds = simulated.rows(f"SELECT newcombe_low{call} AS effect_low, newcombe_high{call} AS effect_high")[0]
        effect = found[treatment]["rate"] - found[control]["rate"]
        declared = experiment.conversion[treatment] - experiment.conversion[control]
        checks.append(check(name, bounds | {"effect": effect}, "effect", declared))
    assert_near(checks)
    assert [truth for what, *_, truth in checks if what.startswith("effect")] == [pytest.approx(0.06), 0.0]


def test_numeric_goals_have_the_declared_mean(simulated: Simulated) -> None:
    """A unit's value is the goal's duration where it converts, else 0: its mean is the product of both declared means."""
    for name, experiment in world.EXPERIMENTS.items():
        found = results_of(simulated.store, name, experiment.goal_task, HOURS)
        for variant, share in experiment.conversion.items():
            took = experiment.goal[variant]
            mean = share * took.median_ms * exp((took.sigma**2 + world.PACE_SIGMA**2) / 2)
            row = found[variant]
            error = sqrt(row["value_variance"] / row["units"])
            assert row["value_mean"] == pytest.approx(mean, abs=FAR * 1.96 * error)


def test_arms_are_of_equal_size(simulated: Simulated) -> None:
    checks = []
    for name in world.EXPERIMENTS:
        checks.append(share_of_last_arm(simulated.store, name, 0.5))
    assert_near(checks)


def share_of_last_arm(store: ClickHouse, experiment: str, truth: float) -> tuple[str, float, float, float, float]:
    """Hold the share of units in the last arm against what is so."""
    found = results_of(store, experiment, "nothing", 1)
    units = [found[variant]["units"] for variant in world.EXPERIMENTS[experiment].variants]
    call = f"({units[-1]}, {sum(units)})"
    row = rows_of(
        store,
        f"SELECT {units[-1]} / {sum(units)} AS share, wilson_low{call} AS share_low, wilson_high{call} AS share_high",
    )[0]
    return check(experiment, row, "share", truth)


# --- live


@pytest.mark.parametrize("experiment", list(world.EXPERIMENTS))
def test_the_live_line_is_a_recount(simulated: Simulated, experiment: str) -> None:
    goal = world.EXPERIMENTS[experiment].goal_task
    assert_line(simulated.store, experiment, goal, units_of(simulated.events, experiment, goal))


def assert_line(store: ClickHouse, experiment: str, goal: str, units: dict[str, Unit]) -> None:
    expected: defaultdict[tuple[datetime, str], list[int]] = defaultdict(lambda: [0, 0])
    for unit in units.values():
        if not unit.in_two:
            expected[start_of({"ms": unit.exposed_ms}, 60), unit.variant][0] += 1
            reached = [ms for ms, _ in unit.goals if ms >= unit.exposed_ms]
            if reached:
                expected[start_of({"ms": min(reached)}, 60), unit.variant][1] += 1
    rows = rows_of(
        store, f"SELECT * FROM experiment_conversions(experiment = '{experiment}', goal = '{goal}') ORDER BY hour"
    )
    assert {(row["hour"], row["variant"]): [row["new_units"], row["conversions"]] for row in rows} == expected
    for variant in {unit.variant for unit in units.values()}:
        line = [row for row in rows if row["variant"] == variant]
        for before, row in pairwise([{"units_so_far": 0, "conversions_so_far": 0}, *line]):
            assert row["units_so_far"] == before["units_so_far"] + row["new_units"]
            assert row["conversions_so_far"] == before["conversions_so_far"] + row["conversions"]
            assert row["rate_so_far"] == row["conversions_so_far"] / row["units_so_far"]


# --- an assignment that is broken

BROKEN = "search_ranking"


@contextmanager
def broken_world(url: str, kind: BrokenKind) -> Iterator[Simulated]:
    """Simulate two days with an assignment that is broken, of the experiments alone."""
    start = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
    plan = Plan(start, seed=19, users=700, days=2, broken=BrokenAssignment(BROKEN, kind))
    truth, records = simulate(plan, ("experiment.", "task."))
    with migrated(url, f"broken_{kind}") as store:
        feed(store, records, (EXPERIMENT_EXPOSURES,), (EXPERIMENT_GOALS,))
        yield Simulated(store, truth, list(accepted(records)))


def test_a_skewed_assignment_shows_in_the_units(clickhouse_url: str) -> None:
    with broken_world(clickhouse_url, "skewed") as simulated:
        checks = []
        for name, experiment in world.EXPERIMENTS.items():
            found = results_of(simulated.store, name, experiment.goal_task, HOURS)
            assert {variant: (row["units"], row["units_in_two"]) for variant, row in found.items()} == {
                variant: (len(simulated.truth.exposures[name, variant]), 0) for variant in experiment.variants
            }
            truth = 0.5 * (1 - world.SKEWED_SHARE) if name == BROKEN else 0.5
            checks.append(share_of_last_arm(simulated.store, name, truth))
        assert_near(checks)
        # It is not the chance that makes arms unequal: half of the units are far outside.
        _, share, _, high, _ = next(each for each in checks if each[0].endswith(BROKEN))
        assert share + 3.5 / 1.96 * (high - share) < 0.5


def test_an_unstable_assignment_shows_in_the_units_that_saw_two(clickhouse_url: str) -> None:
    with broken_world(clickhouse_url, "unstable") as simulated:
        for name, experiment in world.EXPERIMENTS.items():
            units = units_of(simulated.events, name, experiment.goal_task)
            found = results_of(simulated.store, name, experiment.goal_task, HOURS)
            assert_results(found, units, HOURS)
            shown = [simulated.truth.exposures[name, variant] for variant in experiment.variants]
            in_two = sum(row["units_in_two"] for row in found.values())
            assert in_two == len(set.intersection(*shown))
            assert (in_two > 50) is (name == BROKEN)
            assert sum(row["units"] for row in found.values()) == len(set.union(*shown)) - in_two
            assert_line(simulated.store, name, experiment.goal_task, units)
        assert any(
            variant_of(unit, BROKEN) != own.variant for unit, own in units_of(simulated.events, BROKEN, "").items()
        )


# --- what the simulated world does not do: goals at the ends of the window and before, several of them, failures

START = at("2026-03-04T10:59:00")


def exposed(unit: str | None, variant: str, ms: int = START, device: str | None = None) -> Record:
    return made("experiment.exposed", ms, unit, device, experiment="edge", variant=variant)


def reached(unit: str | None, after_ms: int, device: str | None = None, **properties: Any) -> Record:
    return made("goal.signed", START + after_ms, unit, device, **properties)


def stream() -> Iterator[Record]:
    """Give units that are exposed at START, and goals at the ends of a window of an hour."""
    for unit in (
        "at the exposure",
        "at the end",
        "after the end",
        "before",
        "long before",
        "often",
        "never",
        "worth 0",
    ):
        yield exposed(unit, "a")
    yield reached("at the exposure", 0, value=1)
    yield reached("at the end", HOUR_MS, value=2)
    yield reached("after the end", HOUR_MS + 1, value=4)
    yield reached("before", -1, value=8)
    yield reached("before", -HOUR_MS, value=16)
    yield reached("long before", -HOUR_MS - 1, value=32)
    for minute in (0, 10, 20):
        yield reached("often", minute * 60_000, value=64 + minute)
    yield exposed("often", "a", START + HOUR_MS)  # again, which changes nothing
    yield reached("worth 0", 5)  # without a value
    yield reached("never", 7, outcome="error", value=1e6)  # tried, and failed
    yield made("task.completed", START + 7, "never", task="goal.signed", completed=False)  # given up
    # who saw both, and with whom it counts: with what was seen first, and at one moment with the first name
    yield exposed("both, a first", "a")
    yield exposed("both, a first", "b", START + 1)
    yield exposed("both, b first", "b")
    yield exposed("both, b first", "a", START + HOUR_MS)
    yield exposed("both at once", "b")
    yield exposed("both at once", "a")
    for unit in ("both, a first", "both, b first", "both at once"):
        yield reached(unit, 60_000, value=1e9)
    # a device is a unit; one unit has no variance; a goal without an exposure is nobody's
    yield exposed(None, "c", device="phone")
    yield reached(None, 1, device="phone", value=3)
    yield reached("passer-by", 1, value=1e9)
    # a variant that only those saw who saw another too
    yield exposed("c at last", "d")
    yield exposed("c at last", "c", START + 2 * HOUR_MS)


@pytest.fixture(scope="module")
def made_by_hand(store: ClickHouse) -> ClickHouse:
    feed_with_a_crash(store, stream(), (EXPERIMENT_EXPOSURES,), (EXPERIMENT_GOALS,))
    return store


def test_both_ends_of_the_window_belong_to_it(made_by_hand: ClickHouse) -> None:
    row = results_of(made_by_hand, "edge", "goal.signed", 1)["a"]
    assert (row["units"], row["units_in_two"]) == (8, 2)
    assert (row["conversions"], row["goals"]) == (4, 6)  # at the exposure, at the end, often (three times), worth 0
    often = 64 + 74 + 84
    assert row["value_sum"] == 1 + 2 + often
    assert row["value_sum_squares"] == 1 + 4 + often**2
    values, before = [1.0, 2.0, 0.0, 0.0, 0.0, often, 0.0, 0.0], [0.0, 0.0, 0.0, 24.0, 0.0, 0.0, 0.0, 0.0]
    assert row["value_variance"] == pytest.approx(variance(values))
    assert row["before_mean"] == 24 / 8
    assert row["before_variance"] == pytest.approx(variance(before))
    assert row["before_covariance"] == pytest.approx(covariance(before, values))


def test_a_window_that_is_a_millisecond_longer_has_what_is_a_millisecond_later(made_by_hand: ClickHouse) -> None:
    longer = results_of(made_by_hand, "edge", "goal.signed", 1 + 1 / HOUR_MS)["a"]
    assert (longer["conversions"], longer["value_sum"]) == (5, 1 + 2 + 4 + 64 + 74 + 84)
    assert longer["before_mean"] == (8 + 16 + 32) / 8


@pytest.mark.parametrize("minutes", [65, 69, 123])
def test_windows_of_minutes_are_exact(store: ClickHouse, minutes: int) -> None:
    """65 / 60 hours are a little less than 65 minutes in floating point: the end belongs to the window all the same."""
    name = f"of {minutes} minutes"
    unit = made("experiment.exposed", START, name, experiment=name, variant="a")
    end = made("goal.ended", START + minutes * 60_000, name)
    feed(store, [unit, end], (EXPERIMENT_EXPOSURES,), (EXPERIMENT_GOALS,))
    assert results_of(store, name, "goal.ended", minutes / 60)["a"]["conversions"] == 1


def test_who_saw_two_variants_is_counted_apart_with_the_first(made_by_hand: ClickHouse) -> None:
    found = results_of(made_by_hand, "edge", "goal.signed", 1)
    assert {variant: (row["units"], row["units_in_two"], row["conversions"]) for variant, row in found.items()} == {
        "a": (8, 2, 4),
        "b": (0, 1, 0),
        "c": (1, 0, 1),
        "d": (0, 1, 0),
    }
    assert found["b"]["rate"] is found["b"]["value_mean"] is found["b"]["value_variance"] is None


def test_a_device_is_a_unit_and_one_unit_has_no_variance(made_by_hand: ClickHouse) -> None:
    row = results_of(made_by_hand, "edge", "goal.signed", 1)["c"]
    assert (row["value_mean"], row["value_variance"], row["before_covariance"]) == (3, None, None)


def test_the_line_has_conversions_in_the_hour_of_the_first(made_by_hand: ClickHouse) -> None:
    rows = rows_of(
        made_by_hand,
        "SELECT * FROM experiment_conversions(experiment = 'edge', goal = 'goal.signed') WHERE variant = 'a' ORDER BY hour",
    )
    hours = [(row["hour"].hour, row["new_units"], row["conversions"], row["units_so_far"]) for row in rows]
    # the window has no end here, so what came after it counts too: with what was reached at the end, an hour later
    assert hours == [(10, 8, 3, 8), (11, 0, 2, 8)]


def test_goals_are_what_was_reached_and_not_what_was_tried(made_by_hand: ClickHouse) -> None:
    rows = rows_of(made_by_hand, "SELECT goal, unit FROM experiment_goals WHERE unit = 'never'")
    assert rows == []


def test_an_experiment_that_nobody_met_has_no_results(made_by_hand: ClickHouse) -> None:
    assert results_of(made_by_hand, "nowhere", "goal.signed", 1) == {}
