"""Which time a review is about."""

from datetime import UTC, date, datetime

import pytest

from dashboards.report.period import Kind, last_period


@pytest.mark.parametrize(
    ("kind", "today", "since", "until", "before", "title"),
    [
        ("week", date(2026, 3, 25), (2026, 3, 16), (2026, 3, 23), (2026, 3, 9), "week of 16 Mar 2026"),
        ("week", date(2026, 3, 23), (2026, 3, 16), (2026, 3, 23), (2026, 3, 9), "week of 16 Mar 2026"),
        ("month", date(2026, 1, 31), (2025, 12, 1), (2026, 1, 1), (2025, 11, 1), "December 2025"),
        ("month", date(2026, 3, 1), (2026, 2, 1), (2026, 3, 1), (2026, 1, 1), "February 2026"),
        ("quarter", date(2026, 2, 1), (2025, 10, 1), (2026, 1, 1), (2025, 7, 1), "quarter 4 of 2025"),
        ("quarter", date(2026, 12, 31), (2026, 7, 1), (2026, 10, 1), (2026, 4, 1), "quarter 3 of 2026"),
    ],
)
def test_it_is_the_last_whole_one(
    kind: Kind,
    today: date,
    since: tuple[int, int, int],
    until: tuple[int, int, int],
    before: tuple[int, int, int],
    title: str,
) -> None:
    period = last_period(kind, today)
    assert period.since == datetime(*since, tzinfo=UTC)
    assert period.until == datetime(*until, tzinfo=UTC)
    assert period.before.since == datetime(*before, tzinfo=UTC)
    assert period.before.until == period.since
    assert period.title == title
