"""Journeys, tasks and guidance: the views against plain recounts of the same events, and against what is so in the world."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest

from local.producer import Record
from local.simulator import truths, world
from local.simulator.product import TASKS
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed
from tests.sql.handmade import made
from tests.sql.intervals import assert_near, check
from tests.sql.simulation import Event, Simulated, day_of

pytestmark = pytest.mark.service

HOUR_MS = 3_600_000
START_MS = 1_772_409_600_000  # 2026-03-02
Steps = list[tuple[int, int]]
"""A run through a journey: (time in ms, place of the step from 0)."""


@dataclass
class Funnel:
    """A plain recount: users and runs that reach each place, and the seconds that users took since the place before."""

    users: Counter[int]
    runs: Counter[int]
    seconds: defaultdict[int, list[float]]


def furthest(run: Steps, window_ms: float) -> list[int]:
    """Give the times of the chain of steps that got furthest, of equals the one that began last: by trying every beginning."""
    best: list[int] = []
    for start in sorted(time for time, place in run if place == 0):
        chain = [start]
        while found := [t for t, place in run if place == len(chain) and chain[-1] <= t <= start + window_ms]:
            chain.append(min(found))
        best = chain if len(chain) >= len(best) else best
    return best


def recount(runs: dict[tuple[str, str], Steps], hours: float) -> Funnel:
    """Recount a funnel from the runs by (user, journey_id)."""
    funnel = Funnel(Counter(), Counter(), defaultdict(list))
    users: dict[str, list[int]] = {}
    for (user, _), run in runs.items():
        chain = furthest(run, hours * HOUR_MS)
        funnel.runs.update(range(len(chain)))
        users[user] = max(users.get(user, []), chain, key=lambda times: (len(times), times[:1]))
    for chain in users.values():
        funnel.users.update(range(len(chain)))
        for place in range(1, len(chain)):
            funnel.seconds[place].append((chain[place] - chain[place - 1]) / 1000)
    return funnel


def assert_same(rows: list[dict[str, Any]], funnel: Funnel, steps: Sequence[str]) -> None:
    assert [row["step"] for row in rows] == list(steps)
    for place, row in enumerate(rows):
        users, first = funnel.users[place], funnel.users[0]
        assert (row["step_number"], row["users"], row["runs"]) == (place + 1, users, funnel.runs[place])
        assert row["left_here"] == users - funnel.users[place + 1]
        assert row["share_of_first"] == (pytest.approx(users / first) if first else None)
        if place:
            before = funnel.users[place - 1]
            assert row["previous_users"] == before
            assert row["share_of_previous"] == (pytest.approx(users / before) if before else None)
            assert row["median_seconds"] == (pytest.approx(median(funnel.seconds[place])) if users else None)
        else:
            assert row["share_of_previous"] is row["median_seconds"] is None


def runs_of(events: list[Event], journey: str) -> dict[tuple[str, str], Steps]:
    runs = defaultdict(list)
    for event in events:
        if event["properties"]["journey"] == journey:
            runs[event["unit"], event["properties"]["journey_id"]].append(
                (event["ms"], event["properties"]["step_index"])
            )
    return runs


@pytest.mark.parametrize("hours", [24, 0.01, 0.003])
@pytest.mark.parametrize("journey", list(world.JOURNEYS))
def test_the_funnel_is_a_recount(simulated: Simulated, journey: str, hours: float) -> None:
    rows = simulated.rows(f"SELECT * FROM journey_funnel(journey = '{journey}', hours = {hours})")
    funnel = recount(runs_of(simulated.named("journey.step"), journey), hours)
    assert_same(rows, funnel, world.JOURNEYS[journey].steps)


def test_the_funnel_is_the_truth(simulated: Simulated) -> None:
    for name, journey in world.JOURNEYS.items():
        rows = simulated.rows(f"SELECT * FROM journey_funnel(journey = '{name}', hours = 24)")
        assert [row["runs"] for row in rows] == [simulated.truth.steps[name, step] for step in journey.steps]
        assert [row["users"] for row in rows] == [len(simulated.truth.step_users[name, step]) for step in journey.steps]


def test_journeys_are_left_at_the_declared_rates(simulated: Simulated) -> None:
    checks = []
    for name, journey in world.JOURNEYS.items():
        rows = simulated.rows(
            "SELECT step, runs / before AS share, wilson_low(runs, before) AS share_low, wilson_high(runs, before) AS share_high "
            "FROM (SELECT *, lagInFrame(runs) OVER (ORDER BY step_number) AS before "
            f"FROM journey_funnel(journey = '{name}', hours = 24)) WHERE step_number > 1 ORDER BY step_number"
        )
        checks += [check(row["step"], row, "share", go_on) for row, go_on in zip(rows, journey.go_on, strict=True)]
    assert_near(checks)


def test_exits_are_a_recount(simulated: Simulated) -> None:
    events = simulated.named("journey.step")
    newest = max(event["ms"] for event in events)
    exits: Counter[tuple[Any, ...]] = Counter()
    ended: Counter[tuple[Any, ...]] = Counter()
    for name, journey in world.JOURNEYS.items():
        for run in runs_of(events, name).values():
            day = day_of({"ms": min(run)[0]}).date()
            if max(run)[0] < newest - 24 * HOUR_MS:
                last = max(run)[1]
                exits[day, name, journey.steps[last], last == len(journey.steps) - 1] += 1
                ended[day, name] += 1
    rows = simulated.rows("SELECT * FROM journey_exits")
    assert {(r["day"], r["journey"], r["step"], r["finished"]): r["runs"] for r in rows} == exits
    for row in rows:
        assert row["ended"] == ended[row["day"], row["journey"]]
        assert row["share_low"] <= row["share"] == row["runs"] / row["ended"] <= row["share_high"]


def test_tasks_are_counted_as_they_ended(simulated: Simulated) -> None:
    rows = simulated.rows(
        "SELECT task, sum(attempts) AS attempts, sum(completed) AS completed, sum(given_up) AS given_up "
        "FROM task_completion GROUP BY task"
    )
    found = {row["task"]: (row["attempts"], row["completed"], row["given_up"]) for row in rows}
    expected: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (task, _, done), count in simulated.truth.tasks.items():
        expected[task][0] += count
        expected[task][1 if done else 2] += count
    assert found == {task: tuple(counts) for task, counts in expected.items()}


def test_the_time_on_task_is_that_of_the_completed(simulated: Simulated) -> None:
    times = defaultdict(list)
    for event in simulated.named("task.completed"):
        if event["properties"]["completed"]:
            times[day_of(event).date(), event["properties"]["task"]].append(event["properties"]["duration_ms"] / 1000)
    rows = simulated.rows("SELECT * FROM task_completion WHERE completed > 0")
    assert {(r["day"], r["task"]): r["timed"] for r in rows} == {key: len(own) for key, own in times.items()}
    for row in rows:
        assert row["median_seconds"] == pytest.approx(median(times[row["day"], row["task"]]))


def test_guidance_is_counted_by_what_became_of_it(simulated: Simulated) -> None:
    rows = simulated.rows(
        "SELECT guide, sum(shown) AS shown, sum(followed) AS followed, sum(dismissed) AS dismissed FROM guidance GROUP BY guide"
    )
    found = {(row["guide"], action): row[action] for row in rows for action in ("shown", "followed", "dismissed")}
    assert found == simulated.truth.guidance
    followed = simulated.rows(
        "SELECT sum(followed) AS f, sum(shown) AS s, f / s AS share, wilson_low(f, s) AS share_low, "
        "wilson_high(f, s) AS share_high FROM guidance"
    )
    assert_near([check("guidance followed", followed[0], "share", world.GUIDANCE_FOLLOWED)])


def test_the_guided_finish_more_often_by_the_declared_difference(simulated: Simulated) -> None:
    rows = simulated.rows("SELECT * FROM guidance_effect")
    found: Counter[tuple[str, bool, bool]] = Counter()
    checks = []
    for row in rows:
        for kind, guided in (("guided", True), ("alone", False)):
            done, attempts = row[f"{kind}_completed"], row[f"{kind}_attempts"]
            found.update({(row["task"], guided, True): done, (row["task"], guided, False): attempts - done})
        if row["task"] in TASKS:
            checks.append(check(row["task"], row, "guided_share", world.TASK_DONE_GUIDED))
            checks.append(check(row["task"], row, "alone_share", world.TASK_DONE_ALONE))
            checks.append(check(row["task"], row, "difference", truths.guidance_effect()))
    assert +found == simulated.truth.tasks
    assert len(checks) == 3 * 2 * len(TASKS)
    assert_near(checks)


# --- what the simulated world does not do: steps in any order, repeated, without ids, renamed


def step(unit: str, journey: str, name: str, index: int | None, ms: int, journey_id: str | None = None) -> Record:
    """Make the record of a step."""
    return made("journey.step", ms, unit, journey=journey, step=name, step_index=index, journey_id=journey_id)


def wander(rolls: random.Random) -> Iterator[tuple[str, str | None, int, int]]:
    """Let users take steps as they like: (user, journey_id, place, ms)."""
    for number in range(400):
        for _ in range(rolls.randrange(1, 12)):
            run = rolls.choice([None, None, "run-1", "run-2"])
            yield f"w-{number}", run, rolls.randrange(4), START_MS + rolls.randrange(40) * HOUR_MS // 4


@pytest.fixture(scope="module")
def wandered(store: ClickHouse) -> dict[tuple[str, str], Steps]:
    """Users who wander, in the journey `wander`; their runs."""
    steps = sorted(set(wander(random.Random(7))), key=lambda s: s[3])
    feed(store, [step(user, "wander", f"step-{place}", place, ms, run) for user, run, place, ms in steps])
    runs = defaultdict(list)
    for user, run, place, ms in steps:
        runs[user, run or ""].append((ms, place))
    return runs


@pytest.mark.parametrize("hours", [0, 0.25, 1.5, 4, 100])
def test_the_funnel_of_wanderers_is_a_recount(
    store: ClickHouse, wandered: dict[tuple[str, str], Steps], hours: float
) -> None:
    columns, rows = store.table(f"SELECT * FROM journey_funnel(journey = 'wander', hours = {hours})")
    funnel = recount(wandered, hours)
    assert_same([dict(zip(columns, row, strict=True)) for row in rows], funnel, [f"step-{place}" for place in range(4)])
    assert funnel.users[0] > funnel.users[1] > funnel.users[2] > 0


def test_a_renamed_step_is_one_step_and_steps_without_an_index_come_last_as_they_are_taken(store: ClickHouse) -> None:
    names = [("open", 0), ("look", 1), ("sign", None), ("archive", None)]
    renamed = [("open", 0), ("inspect", 1), ("sign", None), ("archive", None)]
    records = [
        step(user, "mixed", name, index, START_MS + day * 24 * HOUR_MS + minute * 60_000)
        for day, user, path in ((0, "old", names), (1, "new", renamed))
        for minute, (name, index) in enumerate(path)
    ]
    feed(store, records)
    rows = store.query("SELECT step, users, median_seconds FROM journey_funnel(journey = 'mixed', hours = 1)")
    assert rows == [("open", 2, None), ("inspect", 2, 60.0), ("sign", 2, 60.0), ("archive", 2, 60.0)]


def test_a_window_of_minutes_is_exact(store: ClickHouse) -> None:
    """65 / 60 hours are a little less than 65 minutes in floating point: the end belongs to the window all the same."""
    feed(store, [step("v", "exact", "open", 0, START_MS), step("v", "exact", "close", 1, START_MS + 65 * 60_000)])
    rows = store.query(f"SELECT step, users FROM journey_funnel(journey = 'exact', hours = {65 / 60})")
    assert rows == [("open", 1), ("close", 1)]


def test_a_journey_that_nobody_took_is_empty(store: ClickHouse) -> None:
    assert store.query("SELECT * FROM journey_funnel(journey = 'nowhere', hours = 1)") == []
