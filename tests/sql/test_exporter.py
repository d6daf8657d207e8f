"""The files of sql/exporter on a database with a simulated fortnight: every file answers, and says what a recount says."""

import time
from collections import Counter
from collections.abc import Iterator
from math import erfc, exp, gamma, isfinite, sqrt

import orjson
import pytest

from local.simulator.assignment import BrokenAssignment
from local.simulator.simulator import Plan, Simulator
from pipelines.rollups import ROLLUPS
from sinks.clickhouse import ClickHouse
from sinks.figures import Answer, Figures, read_figures
from tests.dashboards.world import said_by_people
from tests.endpoint import feed, migrated

pytestmark = pytest.mark.service
DAYS = 8.0
BUSY_SECONDS = 1_200.0
BROKEN = "search_ranking"
UNREAD = {"operations", "operations_hourly", "errors", "audit"}
"""Rollups that no file reads; theirs are most of the rows."""


@pytest.fixture(scope="module")
def records() -> list[dict[str, object]]:
    return []


@pytest.fixture(scope="module")
def answers(clickhouse_url: str, records: list[dict[str, object]]) -> Iterator[dict[str, Answer]]:
    now, broken = time.time(), BrokenAssignment(BROKEN, "skewed")
    days = Plan(now - DAYS * 86_400, users=600, days=DAYS, broken=broken, rate=0.06)
    # In the small hours of the simulated customers an hour can pass without a query; the last one is a busy one.
    last = Plan(now - BUSY_SECONDS, users=600, broken=broken, rate=3.0)
    stream = [
        *(record for batch in Simulator(days).events(last.start) for record in batch if said_by_people(record)),
        *(record for batch in Simulator(last).events(now) for record in batch),
    ]
    records += [orjson.loads(value) for _, value, _ in stream]
    with migrated(clickhouse_url, "exported") as store:
        feed(store, stream, [rollup for rollup in ROLLUPS if rollup.name not in UNREAD])
        month = "toStartOfMonth(toDate(now('UTC')))"
        store.command(
            f"INSERT INTO costs (month, kind, amount, currency, note) SELECT {month}, 'one_time', 500, 'EUR', ''"
        )
        store.command(
            "INSERT INTO costs (month, kind, amount, currency, note) "
            f"SELECT addMonths({month}, -14), 'monthly', 1000, 'EUR', ''"
        )
        figures = Figures(read_figures(), ClickHouse(clickhouse_url, "default", "", "exported"))
        figures.ask_due()
        yield {figure.file: answer for figure, answer in figures.answers()}


def values(answer: Answer) -> dict[tuple[str, ...], tuple[float | None, ...]]:
    return dict(answer.rows)


@pytest.mark.parametrize("file", [figure.file for figure in read_figures()])
def test_every_file_answers_and_every_number_is_one(answers: dict[str, Answer], file: str) -> None:
    answer = answers[file]
    assert not answer.failed
    assert answer.rows
    assert all(isfinite(number) for _, numbers in answer.rows for number in numbers if number is not None)


def test_issues_are_tickets_and_bugs(answers: dict[str, Answer], records: list[dict[str, object]]) -> None:
    events: dict[object, object] = {r["messageId"]: r for r in records}
    found = Counter(
        event["event"] if event["event"] == "support.ticket_opened" else event["properties"]["kind"]  # type: ignore[index]
        for event in events.values()
        if event["event"] in ("support.ticket_opened", "feedback.submitted")  # type: ignore[index]
    )
    assert values(answers["issues"])[()] == (found["support.ticket_opened"] + found["bug"],)


def test_a_skewed_assignment_has_a_small_p_and_a_sound_one_has_not(answers: dict[str, Answer]) -> None:
    found = values(answers["sample_ratio"])
    assert len(found) == 2
    for (experiment,), (p, units) in found.items():
        assert units is not None
        assert units > 100
        assert p is not None
        assert (p < 0.0005) == (experiment == BROKEN), (experiment, p)


def test_the_stored_ledger_adds_up(answers: dict[str, Answer]) -> None:
    assert values(answers["ledger"]) == {(): (0.0,)}


def test_costs_are_those_of_this_month_and_the_one_before(answers: dict[str, Answer]) -> None:
    assert values(answers["cost"]) == {("EUR",): (1_500.0, 1_000.0)}
    _, _, _, total, months = values(answers["return"])["EUR",]
    assert (total, months) == (15 * 1_000.0 + 500.0, 14.0)


def test_hits_and_lookups_are_those_of_the_last_hour(answers: dict[str, Answer]) -> None:
    for (cache,), (ratio, lookups) in values(answers["cache"]).items():
        assert cache
        assert ratio is not None
        assert lookups is not None
        assert 0 <= ratio <= 1 <= lookups


def tail(x: float, degrees: int) -> float:
    """The upper tail of chi-square by Simpson's rule over its density, from x to far beyond it."""
    steps, end = 40_000, x + 200.0
    width = (end - x) / steps

    def density(t: float) -> float:
        return float(t ** (degrees / 2 - 1) * exp(-t / 2) / (2 ** (degrees / 2) * gamma(degrees / 2)))

    inner = sum((4 if step % 2 else 2) * density(x + step * width) for step in range(1, steps))
    return (density(x) + inner + density(end)) * width / 3


@pytest.mark.parametrize("degrees", [2, 3, 4, 5, 10])
@pytest.mark.parametrize("x", [0.5, 3.0, 20.0, 60.0])
def test_the_tail_of_chi_square_is_the_integral_of_its_density(store: ClickHouse, x: float, degrees: int) -> None:
    ((p,),) = store.query(f"SELECT chi_square_p({x}, {degrees})")
    assert p == pytest.approx(tail(x, degrees), rel=1e-6)


def test_one_degree_is_the_normal_tail_and_small_values_keep_their_digits(store: ClickHouse) -> None:
    ((p, tiny, whole),) = store.query(
        "SELECT chi_square_p(3.841458820694124, 1), chi_square_p(400, 1), chi_square_p(0, 4)"
    )
    assert p == pytest.approx(0.05, rel=1e-9)
    assert tiny == pytest.approx(erfc(sqrt(200)), rel=1e-9)
    assert whole == 1
