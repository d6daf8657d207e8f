"""Expands the macros of Grafana's ClickHouse plugin, so that one SQL serves Grafana, the local page and the tests.

Known are `$__timeFilter(c)`, `$__dateFilter(c)`, `$__timeInterval(c)`, `$__fromTime`, `$__toTime`, `$__interval_s`,
`$__conditionalAll(condition, $variable)`, `${variable:singlequote}`. Values are quoted here and nowhere else.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

STEPS_SECONDS = (10, 30, 60, 300, 900, 1800, 3600, 21_600, 86_400, 604_800)
"""Widths that a time range is cut into."""
MOST_POINTS = 180
"""More are not told apart on a screen."""
Choices = Mapping[str, Sequence[str]]
"""Chosen values by variable; none chosen means all."""


class MacroError(ValueError):
    """A macro is unknown or not closed; the message names it."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time range, from `since` up to `until`, UTC, in at most so many `points`."""

    since: datetime
    until: datetime
    points: int = MOST_POINTS

    @property
    def interval_s(self) -> int:
        """Width of a point in seconds: the smallest step that gives no more than `points`."""
        seconds = (self.until - self.since).total_seconds()
        return next((step for step in STEPS_SECONDS if seconds <= step * self.points), STEPS_SECONDS[-1])


def expand(sql: str, span: Span, choices: Choices) -> str:
    """Expand every macro and variable.

    Raises:
        MacroError: one is unknown.
    """
    sql = _calls(sql, "$__conditionalAll", lambda text: _conditional(text, choices))
    since, until = (f"toDateTime({int(moment.timestamp())}, 'UTC')" for moment in (span.since, span.until))
    sql = _calls(sql, "$__timeFilter", lambda column: f"{column} >= {since} AND {column} <= {until}")
    sql = _calls(sql, "$__dateFilter", lambda column: f"{column} >= toDate({since}) AND {column} <= toDate({until})")
    step = f"INTERVAL {span.interval_s} second"
    sql = _calls(sql, "$__timeInterval", lambda column: f"toStartOfInterval(toDateTime({column}), {step})")
    for name, value in (("$__fromTime", since), ("$__toTime", until), ("$__interval_s", str(span.interval_s))):
        sql = sql.replace(name, value)
    sql = re.sub(r"\$\{(\w+):singlequote\}", lambda found: _texts(choices.get(found[1], ())), sql)
    if left := re.search(r"\$(?:__)?\{?\w+", sql):
        raise MacroError(f"unknown macro or variable {left[0]}")
    return sql


def variables_of(sql: str) -> frozenset[str]:
    """Name the variables that a panel's SQL asks for."""
    return frozenset(re.findall(r"\$\{(\w+):singlequote\}", sql))


def _conditional(text: str, choices: Choices) -> str:
    condition, _, variable = text.rpartition(",")
    return condition if choices.get(variable.strip().removeprefix("$")) else "1=1"


def _texts(values: Sequence[str]) -> str:
    return ",".join("'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for value in values) or "''"


def _calls(sql: str, name: str, replacement: Callable[[str], str]) -> str:
    """Replace `name(…)`, whatever parentheses it holds."""
    while (begin := sql.find(f"{name}(")) >= 0:
        opened = begin + len(name)
        closed = _closing(sql, opened, name)
        sql = sql[:begin] + replacement(sql[opened + 1 : closed].strip()) + sql[closed + 1 :]
    return sql


def _closing(sql: str, opened: int, name: str) -> int:
    depth = 0
    for place in range(opened, len(sql)):
        depth += (sql[place] == "(") - (sql[place] == ")")
        if depth == 0:
            return place
    raise MacroError(f"{name} is not closed")
