"""The file of objectives: what it promises is what was asked for, and what could never be watched is refused."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from alerts.burn import exact, factor, seconds
from alerts.slos import FILE, SloFileError, load_slos
from alerts.yaml_text import YamlError

TEXT = FILE.read_text()


def test_the_objectives_are_those_that_were_agreed() -> None:
    file = load_slos()
    assert {slo.name: str(slo.objective) for slo in file.slos} == {
        "library_search": "0.95",
        "factor_calculation": "0.99",
        "page_load": "0.95",
        "application_errors": "0.999",
        "database_errors": "0.9999",
        "application_up": "0.999",
        "database_up": "0.9995",
        "event_freshness": "0.99",
        "rejected_events": "0.995",
    }
    assert [(count.name, count.fewer_than) for count in file.counts] == [("user_reported_issues", 5)]


@pytest.mark.parametrize(
    ("period", "expected"),
    [("30d", ["14.4", "6", "3", "1"]), ("28d", ["13.44", "5.6", "2.8", "(14 / 15)"])],
)
def test_burn_rates_follow_from_the_period_exactly(tmp_path: Path, period: str, expected: list[str]) -> None:
    changed = tmp_path / "slos.yaml"
    changed.write_text(TEXT.replace("period: 30d", f"period: {period}"))
    assert [exact(tier.factor) for tier in load_slos(changed).tiers] == expected


def test_a_budget_spent_at_a_tiers_rate_is_spent_by_its_share() -> None:
    assert factor(Decimal("0.02"), "1h", "30d") * Fraction(seconds("1h"), seconds("30d")) == Fraction(2, 100)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("operation: library.search", "operation: libary.search", "no event of the catalog is called 'libary.search'"),
        ("slower_than: 0.2", "slower_than: 0.25", "slower_than 0.25 is no bound of the histogram"),
        ("older_than: 5.0", "older_than: 4.0", "older_than 4.0 is no bound"),
        ("probes_of: database", "probes_of: databse", "probes_of databse is none of"),
        ("verdict: rejected", "verdict: refused", "verdict refused is none of"),
        ("owner: library team", "onwer: library team", "onwer"),
        ("outage: 2m", "outage: two minutes", "is not a duration"),
        ("name: page_load", "name: library_search", "two objectives have the name"),
        ("objective: 0.95", "objective: 0.5", "greater than 0.5"),
        ("objective: 0.95", "objective: 0.9", "could never fire"),
        ("short: 5m", "short: 2h", "is not shorter than"),
        ("period: 30d\n", "period: 30d\nperiod: 28d\n", "period is there twice"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, before: str, after: str, says: str) -> None:
    assert before in TEXT
    changed = tmp_path / "slos.yaml"
    changed.write_text(TEXT.replace(before, after))
    with pytest.raises((SloFileError, YamlError), match=says.replace("(", r"\(")):
        load_slos(changed)


@pytest.mark.parametrize("text", ["5", "5 m", "0m", "1h30m", "m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        seconds(text)
