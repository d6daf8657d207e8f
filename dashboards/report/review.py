"""Gathers a review: asks for every figure of a period and of the one before, judges, and lists what needs somebody's hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from dashboards.macros import Choices, Span, expand
from dashboards.report.advice import CACHE_RULES, QUERY_RULES, advice
from dashboards.report.noise import LEVEL, Difference, Estimate, difference, survives
from dashboards.report.period import Period
from dashboards.report.questions import Question, list_sql, questions

Ask = Callable[[str], tuple[Sequence[str], Sequence[Sequence[Any]]]]
"""Runs a query that may not write: column names and rows."""
Row = Mapping[str, Any]
Verdict = Literal["met", "missed", "met, may be chance", "missed, may be chance", "too little data", "no target"]


@dataclass(frozen=True, slots=True)
class Movement:
    """A figure, its target, and how it moved.

    Attributes:
        question: which figure.
        now: of the period; None where there is nothing.
        before: of the one before; None where there is nothing or it cannot be compared.
        change: now minus before; None where that cannot be told from noise for lack of intervals or data.
        moved: whether the change is beyond noise, with all comparisons of the review in mind.
    """

    question: Question
    now: Estimate | None
    before: Estimate | None
    change: Difference | None
    moved: bool

    @property
    def better(self) -> bool:
        """Whether the change is for the better."""
        return self.change is not None and (self.change.value > 0) == (self.question.good == "above")

    @property
    def verdict(self) -> Verdict:
        """Hold the figure against its target: for sure only where its whole interval lies on one side."""
        bound, now = self.question.bound, self.now
        if now is None or now.n < self.question.evidence:
            return "too little data"
        if bound is None:
            return "no target"
        is_sure = now.low is None or now.high is None or bound.is_met(now.low) == bound.is_met(now.high)
        if bound.is_met(now.value):
            return "met" if is_sure else "met, may be chance"
        return "missed" if is_sure else "missed, may be chance"


@dataclass(frozen=True, slots=True)
class Trial:
    """An experiment of the period: what it was about and what came out, goal by goal."""

    experiment: str
    is_running: bool
    units: int
    began: Any
    newest: Any
    results: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Review:
    """All that a review says."""

    period: Period
    movements: Sequence[Movement]
    friction: Sequence[Row]
    queries: Sequence[Row]
    caches: Sequence[Row]
    trials: Sequence[Trial]


def review(ask: Ask, period: Period) -> Review:
    """Make the review of a period."""

    def rows(name: str, **chosen: str) -> list[Row]:
        sql = expand(list_sql(name), Span(period.since, period.until), {key: [value] for key, value in chosen.items()})
        columns, found = ask(sql)
        return [dict(zip(columns, row, strict=True)) for row in found]

    queries = [{**row, "advice": advice(QUERY_RULES, row)} for row in rows("queries")]
    caches = [{**row, "advice": advice(CACHE_RULES, row)} for row in rows("caches")]
    goals = [row["goal"] for row in rows("goals")]
    trials = [_trial(row, goals, rows) for row in rows("experiments")]
    return Review(period, _movements(ask, period), rows("friction"), queries, caches, trials)


def _movements(ask: Ask, period: Period) -> list[Movement]:
    found = [
        (question, _estimate(ask, question, period), _comparable(ask, question, period)) for question in questions()
    ]
    changes = [_change(question, now, before) for question, now, before in found]
    moved = survives([change.p if change else None for change in changes])
    return [
        Movement(question, now, before, change, is_moved)
        for (question, now, before), change, is_moved in zip(found, changes, moved, strict=True)
    ]


def _comparable(ask: Ask, question: Question, period: Period) -> Estimate | None:
    """Ask for the period before, unless that would be the same month again."""
    if question.monthly and period.last_month == period.before.last_month:
        return None
    return _estimate(ask, question, period.before)


def _change(question: Question, now: Estimate | None, before: Estimate | None) -> Difference | None:
    if now is None or before is None or question.cumulative or min(now.n, before.n) < question.evidence:
        return None
    return difference(now, before)


def _estimate(ask: Ask, question: Question, period: Period) -> Estimate | None:
    chosen: Choices = {"period": [period.kind]}
    columns, rows = ask(expand(question.sql, Span(period.since, period.until), chosen))
    row = dict(zip(columns, rows[0], strict=True)) if rows else {}
    value = row.get("value")
    if value is None or not isfinite(value):
        return None
    low, high = row.get("low"), row.get("high")
    return Estimate(float(value), low, high, int(row["n"]), row.get("hits"))


def _trial(row: Row, goals: Sequence[str], rows: Callable[..., list[Row]]) -> Trial:
    """Compare every variant with the first for every goal that anybody reached."""
    results: list[Row] = []
    for goal in goals:
        results += [_compared(goal, each) for each in rows("results", experiment=row["experiment"], goal=goal)]
    compared = [each for each in results if each["conversions"] + each["base_conversions"] > 0]
    certain = survives([each["change"].p for each in compared], LEVEL)
    results = [{**each, "certain": is_certain} for each, is_certain in zip(compared, certain, strict=True)]
    return Trial(row["experiment"], bool(row["is_running"]), row["units"], row["began"], row["newest"], results)


def _compared(goal: str, row: Row) -> Row:
    one = _share(row["conversions"], row["units"])
    base = _share(row["base_conversions"], row["base_units"])
    return {**row, "goal": goal, "share": one.value, "base_share": base.value, "change": difference(one, base)}


def _share(hits: int, total: int) -> Estimate:
    """Give a share with Wilson's interval, as sql/functions/wilson.sql does."""
    z2 = 3.841458820694124
    middle, spread = hits + z2 / 2, (z2 * (hits * (total - hits) / total + z2 / 4)) ** 0.5
    return Estimate(
        hits / total,
        max(0.0, (middle - spread) / (total + z2)),
        min(1.0, (middle + spread) / (total + z2)),
        total,
        hits,
    )
