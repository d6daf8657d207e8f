"""The world's declared numbers come out of the events: adoption, experiments, journeys, scores, estimates.

Shares are held against their declared value within 4.5 standard errors, which a true share leaves once in 150,000 times.
"""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest

from local.simulator import world
from local.simulator.assignment import BrokenAssignment, variant_of
from local.simulator.people import DAY_S, populate
from local.simulator.simulator import Plan, Simulator
from local.simulator.tally import Truth

DAYS = 10.0
PLAN = Plan(datetime(2026, 3, 2, tzinfo=UTC).timestamp(), seed=11, users=1_500, days=DAYS)
NAMES = {
    "experiment.exposed",
    "task.completed",
    "journey.step",
    "feature.used",
    "feedback.submitted",
    "estimate.closed",
}
NAMES |= {"estimate.created", "guidance.shown", "flag.evaluated"}


def assert_share(hits: int, of: int, share: float) -> None:
    assert of > 0
    assert hits / of == pytest.approx(share, abs=4.5 * np.sqrt(share * (1 - share) / of) + 1e-9)


@pytest.fixture(scope="module")
def simulated() -> tuple[Truth, dict[str, list[dict[str, Any]]]]:
    simulator, found = Simulator(PLAN), defaultdict(list)
    for batch in simulator.events():
        for _, value, _ in batch:
            event = orjson.loads(value)
            if event["event"] in NAMES:
                found[event["event"]].append(event)
    return simulator.truth, found


@pytest.fixture
def truth(simulated: tuple[Truth, Any]) -> Truth:
    return simulated[0]


@pytest.fixture
def events(simulated: tuple[Truth, dict[str, list[dict[str, Any]]]]) -> dict[str, list[dict[str, Any]]]:
    return simulated[1]


def test_the_truth_is_what_the_events_say(truth: Truth, events: dict[str, list[dict[str, Any]]]) -> None:
    users: defaultdict[str, set[str]] = defaultdict(set)
    for event in events["feature.used"]:
        users[event["properties"]["feature"]].add(event["userId"])
    assert users == truth.feature_users
    steps = [(event["properties"]["journey"], event["properties"]["step"]) for event in events["journey.step"]]
    assert {step: steps.count(step) for step in set(steps)} == truth.steps
    votes = {
        e["userId"]: e["properties"]["score"] for e in events["feedback.submitted"] if e["properties"]["kind"] == "nps"
    }
    assert votes == truth.nps


def test_experiments_convert_as_declared_after_the_exposure(
    truth: Truth, events: dict[str, list[dict[str, Any]]]
) -> None:
    for name, experiment in world.EXPERIMENTS.items():
        exposed: dict[str, tuple[str, str]] = {}
        for event in events["experiment.exposed"]:
            if event["properties"]["experiment"] == name:
                arm = event["properties"]["variant"]
                assert arm == variant_of(event["userId"], name)
                exposed.setdefault(event["userId"], (arm, clock(event)))
        goals = [event for event in events["task.completed"] if event["properties"]["task"] == experiment.goal_task]
        assert len({event["userId"] for event in goals}) == len(goals)
        assert all(clock(event) >= exposed[event["userId"]][1] for event in goals)
        for arm, share in experiment.conversion.items():
            units = {user for user, (variant, _) in exposed.items() if variant == arm}
            assert units == truth.exposures[name, arm]
            converted = {event["userId"] for event in goals} & units
            assert converted == truth.conversions[name, arm]
            assert_share(len(converted), len(units), share)


def clock(event: dict[str, Any]) -> str:
    """Return a time that orders a user's own events, whatever the device's clock says."""
    return str(event["timestamp"])


def test_arms_are_of_equal_size(truth: Truth) -> None:
    for name, experiment in world.EXPERIMENTS.items():
        sizes = [len(truth.exposures[name, arm]) for arm in experiment.variants]
        assert_share(sizes[0], sum(sizes), 0.5)


def test_journeys_are_left_at_the_declared_rates(truth: Truth) -> None:
    for name, journey in world.JOURNEYS.items():
        for before, after, go_on in zip(journey.steps[:-1], journey.steps[1:], journey.go_on, strict=True):
            assert_share(truth.steps[name, after], truth.steps[name, before], go_on)


def test_steps_of_a_journey_are_taken_in_order(events: dict[str, list[dict[str, Any]]]) -> None:
    runs: defaultdict[str, list[int]] = defaultdict(list)
    for event in events["journey.step"]:
        runs[event["properties"]["journey_id"]].append(event["properties"]["step_index"])
    assert all(steps == list(range(len(steps))) for steps in runs.values())


def test_scores_have_the_declared_distribution(truth: Truth) -> None:
    promoters = sum(score >= 9 for score in truth.nps.values())
    detractors = sum(score <= 6 for score in truth.nps.values())
    shares = world.NPS_SHARE
    assert_share(promoters, len(truth.nps), shares[9] + shares[10])
    assert_share(detractors, len(truth.nps), sum(shares[score] for score in range(7)))
    assert world.nps() == pytest.approx(20.0)


def test_features_are_adopted_along_the_declared_curve() -> None:
    people = populate(20_000, np.random.default_rng(1), 0.0, 0.0)
    for place, feature in enumerate(world.FEATURES.values()):
        for days in (1, 7, 28):
            adopted = sum(person.adopts_at[place] - person.joined_at <= days * DAY_S for person in people)
            assert_share(adopted, len(people), feature.adopted_share(days))


def test_nobody_uses_a_feature_before_adopting_it_or_acts_outside_their_stay(
    events: dict[str, list[dict[str, Any]]],
) -> None:
    simulator = Simulator(PLAN)
    people = {person.user_id: person for person in simulator._idle} | {p.user_id: p for p, _ in simulator._visits}
    features = list(world.FEATURES)
    assert len(people) == PLAN.users
    for event in events["feature.used"]:
        person = people[event["userId"]]
        if event["properties"]["feature"] == world.FLAG.feature:
            assert person.flag_on
            continue
        time = datetime.fromisoformat(event["timestamp"]).timestamp() - person.clock_error_s
        assert time >= person.adopts_at[features.index(event["properties"]["feature"])] - 0.01
        assert time >= person.joined_at


def test_library_items_halve_the_time_and_sharpen_the_estimate(events: dict[str, list[dict[str, Any]]]) -> None:
    minutes: defaultdict[bool, list[float]] = defaultdict(list)
    for event in events["estimate.created"]:
        made = event["properties"]
        minutes[made["library_items_count"] > 0].append(made["duration_ms"] / 60_000)
    assert np.median(minutes[True]) == pytest.approx(22, rel=0.1)
    assert np.median(minutes[False]) == pytest.approx(41, rel=0.15)
    closed = [event["properties"] for event in events["estimate.closed"]]
    ratios = [each["actual_cost"] / each["estimated_cost"] for each in closed]
    assert np.median(ratios) == pytest.approx(world.ESTIMATE_BIAS, rel=0.02)


def test_the_guided_finish_more_often(events: dict[str, list[dict[str, Any]]]) -> None:
    goals = {experiment.goal_task for experiment in world.EXPERIMENTS.values()}
    tasks = [e["properties"] for e in events["task.completed"] if e["properties"]["task"] not in goals]
    for guided, share in ((True, world.TASK_DONE_GUIDED), (False, world.TASK_DONE_ALONE)):
        done = [task["completed"] for task in tasks if task["guided"] is guided]
        assert_share(sum(done), len(done), share)


def test_the_flag_leads_to_its_feature_as_declared(truth: Truth, events: dict[str, list[dict[str, Any]]]) -> None:
    flag, (on, off) = world.FLAG, (truth.flag_users["on"], truth.flag_users["off"])
    assert not on & off
    assert_share(len(on), len(on | off), flag.on_share)
    assert truth.flag_uses.keys() <= on
    assert_share(len(truth.flag_uses), len(on), flag.taken_up)
    visits = Counter(event["userId"] for event in events["flag.evaluated"])
    # Who goes on using it does so in half of the visits, so at least once more in v visits with 1 - 0.5^(v - 1).
    again = np.array([flag.kept * (1 - (1 - flag.use_share) ** (visits[user] - 1)) for user in truth.flag_uses])
    used_again = sum(len(moments) > 1 for moments in truth.flag_uses.values())
    assert used_again == pytest.approx(again.sum(), abs=4.5 * np.sqrt((again * (1 - again)).sum()))


def test_a_skewed_assignment_makes_arms_of_other_sizes_and_keeps_everybody_in_one() -> None:
    for name in world.EXPERIMENTS:
        shown = shown_arms(BrokenAssignment(name, "skewed"))
        for other, experiment in world.EXPERIMENTS.items():
            first, last = (shown[other, arm] for arm in experiment.variants)
            assert not first & last
            assert_share(len(last), len(first | last), 0.5 * (1 - world.SKEWED_SHARE) if other == name else 0.5)


def test_an_unstable_assignment_shows_both_arms_to_some() -> None:
    name, other = world.EXPERIMENTS
    shown = shown_arms(BrokenAssignment(name, "unstable"))
    first, last = (shown[name, arm] for arm in world.EXPERIMENTS[name].variants)
    assert len(first & last) > 0.1 * len(first | last)
    assert not set.intersection(*(shown[other, arm] for arm in world.EXPERIMENTS[other].variants))


def shown_arms(broken: BrokenAssignment) -> dict[tuple[str, str], set[str]]:
    """Give who was shown what in a live stream with a broken assignment, checked against the events."""
    simulator, found = Simulator(replace(PLAN, days=0.0, rate=2_000, broken=broken)), defaultdict(set)
    for batch in simulator.events(limit=60_000):
        for _, value, _ in batch:
            if b'"experiment.exposed"' in value:
                event = orjson.loads(value)
                found[event["properties"]["experiment"], event["properties"]["variant"]].add(event["userId"])
    assert found == simulator.truth.exposures
    return found
