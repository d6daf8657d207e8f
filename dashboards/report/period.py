"""The time that a review is about: the last whole week, month or quarter, and the one before it. UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Kind = Literal["week", "month", "quarter"]
_MONTHS: dict[Kind, int] = {"month": 1, "quarter": 3}


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to, not including, `until`: midnights, UTC."""

    kind: Kind
    since: datetime
    until: datetime

    @property
    def before(self) -> "Period":
        """The period before this one."""
        return Period(self.kind, _back(self.kind, self.since), self.since)

    @property
    def title(self) -> str:
        """What it is called: "week of 16 Mar 2026", "March 2026", "quarter 1 of 2026"."""
        if self.kind == "week":
            return f"week of {self.since.day} {self.since:%b %Y}"
        if self.kind == "month":
            return f"{self.since:%B %Y}"
        return f"quarter {(self.since.month + 2) // 3} of {self.since.year}"

    @property
    def last_month(self) -> tuple[int, int]:
        """Year and month that it ends in."""
        last = self.until - timedelta(days=1)
        return last.year, last.month


def last_period(kind: Kind, today: date) -> Period:
    """Give the last period that is over on a day."""
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC)
    if kind == "week":
        until = midnight - timedelta(days=midnight.weekday())
    else:
        until = midnight.replace(day=1, month=(midnight.month - 1) // _MONTHS[kind] * _MONTHS[kind] + 1)
    return Period(kind, _back(kind, until), until)


def _back(kind: Kind, moment: datetime) -> datetime:
    if kind == "week":
        return moment - timedelta(days=7)
    months = moment.year * 12 + moment.month - 1 - _MONTHS[kind]
    return moment.replace(year=months // 12, month=months % 12 + 1)
