"""The review of 28 simulated days: what it says is so, in both formats, and in one file."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dashboards.report.html import html
from dashboards.report.markdown import markdown
from dashboards.report.period import Period, last_period
from dashboards.report.questions import questions
from dashboards.report.review import Movement, Review, review
from local.simulator import world as truth
from tests.dashboards.world import World
from tests.sql.simulation import rows_of

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def week(world: World) -> Review:
    """Of the last week that is over when the world ends."""
    return review(world.store.table, last_period("week", world.end.date()))


@pytest.fixture(scope="module")
def last_week(world: World) -> Review:
    """Of the week in which the world ends, and with it its experiments."""
    return review(world.store.table, last_period("week", (world.end + timedelta(days=7)).date()))


def figure(made: Review, name: str) -> Movement:
    return next(each for each in made.movements if each.question.name == name)


def test_every_figure_has_a_value(week: Review) -> None:
    # Machines are simulated on the last day alone.
    without = [each.question.name for each in week.movements if each.now is None]
    assert without == ["application_up", "database_up"]
    assert len(week.movements) == len(questions())


def test_a_figure_is_that_of_a_plain_count(week: Review, world: World) -> None:
    completion = figure(week, "completion").now
    (row,) = rows_of(
        world.store,
        "SELECT countIf(JSONExtractBool(properties, 'completed')) AS hits, count() AS n FROM events "
        f"WHERE event = 'task.completed' AND time >= toDateTime({int(week.period.since.timestamp())}, 'UTC') "
        f"AND time < toDateTime({int(week.period.until.timestamp())}, 'UTC')",
    )
    assert completion is not None
    assert (completion.hits, completion.n) == (row["hits"], row["n"])
    assert completion.value == pytest.approx(row["hits"] / row["n"])


def test_targets_are_held_against_the_whole_interval(week: Review) -> None:
    completion, search = figure(week, "completion"), figure(week, "search")
    assert completion.verdict == "missed", "the world finishes 78 to 90 of 100 tasks"
    assert search.question.bound is not None
    assert search.question.bound.value == 200
    assert figure(week, "empty_searches").verdict == "no target"
    assert figure(week, "application_up").verdict == "too little data"


def test_in_a_steady_world_nothing_moves_beyond_noise(week: Review) -> None:
    steady = {"empty_searches", "nps", "search"}
    assert {each.question.name for each in week.movements if each.moved} & steady == set()


def test_an_incident_moves_the_errors(world: World) -> None:
    """The last day of the world has the incident in it; the week before it, which it is held against, had none."""
    made = review(world.store.table, Period("week", world.end - timedelta(days=1), world.end))
    errors = figure(made, "errors")
    assert errors.moved
    assert not errors.better
    assert errors.change is not None
    assert errors.change.low > 0
    assert "Worse beyond noise" in markdown(made)


def test_friction_is_counted_in_occasions_and_comes_most_frequent_first(week: Review) -> None:
    times = [row["times"] for row in week.friction]
    assert len(times) == 3
    assert times == sorted(times, reverse=True)
    assert all(row["times"] <= row["occasions"] for row in week.friction)


def test_slow_statements_and_caches_come_with_something_to_do(week: Review) -> None:
    like = next(row for row in week.queries if "ILIKE" in row["fingerprint"])
    assert "trigram" in like["advice"]
    worst = week.caches[0]
    assert worst["cache"] == "library-search"
    assert worst["value"] == pytest.approx(truth.CACHE_HIT_SHARE["library-search"], abs=0.05)
    assert "more room" in worst["advice"]


def test_an_experiment_that_ended_is_judged_and_one_that_runs_is_not(week: Review, last_week: Review) -> None:
    assert {trial.experiment for trial in week.trials if trial.is_running} == set(truth.EXPERIMENTS)
    ended = {trial.experiment: trial for trial in last_week.trials if not trial.is_running}
    assert set(ended) == set(truth.EXPERIMENTS)
    colour = ended["button_colour"]
    assert [row for row in colour.results if row["certain"]] == [], (
        "the colour of a button changes nothing in the world"
    )
    said = markdown(last_week)
    assert "None ended" not in said
    assert "find\\_item" in said
    assert "None ended" in markdown(week)
    assert re.search(r"Still running.*search\\_ranking", markdown(week))


class _Checker(HTMLParser):
    """Notes whether every element is closed in order, and what is asked for from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []
        self.cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta",):
            self.open.append(tag)
        self.cells += tag == "td"
        self.asked += [value or "" for name, value in attrs if name in ("src", "href", "action")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_html_is_whole_and_asks_for_nothing(week: Review) -> None:
    text = html(week)
    checker = _Checker()
    checker.feed(text)
    assert checker.open == []
    assert checker.asked == []
    assert "<script" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert checker.cells > 100


def test_both_formats_say_the_same(week: Review) -> None:
    page, text = html(week), markdown(week)
    for each in week.movements:
        assert each.question.title.replace("&", "&amp;") in page
        assert each.question.title in text.replace("\\", "")
    assert page.count("<table>") == sum(line.startswith(("| ---", "| --:")) for line in text.splitlines())


def test_what_users_wrote_is_no_markup(week: Review) -> None:
    row = {**week.friction[0], "place": "<script>alert(1)</script> | [x](y)"}
    evil = Review(week.period, week.movements, [row], week.queries, week.caches, week.trials)
    assert "<script>" not in html(evil)
    assert "\\<script\\>" in markdown(evil)
    assert "\\[x\\](y)" in markdown(evil)


def test_the_command_writes_both_files(world: World, tmp_path: Path) -> None:
    environment = {**os.environ, "TIDEGAUGE_CLICKHOUSE_URL": world.url, "TIDEGAUGE_DATABASE": world.database}
    on = f"{world.end:%Y-%m-%d}"
    command = [sys.executable, "-m", "cli", "report", "--monthly", "--on", on, "--output", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    since = (datetime(world.end.year, world.end.month, 1, tzinfo=UTC) - timedelta(days=1)).replace(day=1)
    names = {f"review-month-{since:%Y-%m-%d}.html", f"review-month-{since:%Y-%m-%d}.md"}
    assert {path.name for path in tmp_path.iterdir()} == names
    wrong = subprocess.run(
        [*command, "--weekly"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert wrong.returncode == 2
