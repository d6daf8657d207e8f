"""Evidence: the bound that rules use never says more than the exact binomial does, and the promises at low traffic hold."""

from fractions import Fraction
from math import comb, exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.burn import seconds
from alerts.evidence import chance, enough, needed, surprise
from alerts.slos import load_slos

ALLOWED = [float(slo.allowed) for slo in load_slos().slos]
HOUR, TEN_YEARS = 3_600, seconds("10y")


def exact_chance(bad: int, total: int, allowed: Fraction) -> Fraction:
    """P(Bin(total, allowed) >= bad) in whole numbers."""
    return sum((comb(total, k) * allowed**k * (1 - allowed) ** (total - k) for k in range(bad, total + 1)), Fraction(0))


@given(st.integers(1, 60), st.integers(0, 60), st.sampled_from(load_slos().slos))
def test_the_chance_is_the_binomial_sum(total: int, bad: int, slo: object) -> None:
    allowed: Fraction = getattr(slo, "allowed")  # noqa: B009
    bad = min(bad, total)
    assert chance(bad, total, float(allowed)) == pytest.approx(
        float(exact_chance(bad, total, allowed)), rel=1e-9, abs=1e-14
    )


@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from(load_slos().slos))
def test_what_rules_call_evidence_is_never_likelier_than_they_say(total: int, bad: int, slo: object) -> None:
    allowed: Fraction = getattr(slo, "allowed")  # noqa: B009
    bad = min(bad, total)
    assert float(exact_chance(bad, total, allowed)) <= exp(-surprise(bad, total, float(allowed))) * (1 + 1e-9)


@pytest.mark.parametrize("allowed", ALLOWED)
@pytest.mark.parametrize("total", [2, 5, 20, 100, 500])
def test_the_bound_costs_a_few_failures_at_most(allowed: float, total: int) -> None:
    wanted = enough(HOUR, TEN_YEARS)
    fewest = next((bad for bad in range(2, total + 1) if chance(bad, total, allowed) <= exp(-wanted)), None)
    by_rules = needed(total, allowed, wanted)
    if fewest is None:
        assert by_rules is None
    else:
        assert by_rules is not None
        assert 0 <= by_rules - fewest <= 3


@pytest.mark.parametrize("allowed", ALLOWED)
def test_where_all_fail_the_bound_is_the_chance_itself(allowed: float) -> None:
    assert surprise(4, 4, allowed) == pytest.approx(-4 * log(allowed))


@pytest.mark.parametrize("allowed", ALLOWED)
@pytest.mark.parametrize("window", ["5s", "1m", "1h", "6h", "3d"])
def test_one_failure_is_never_evidence(allowed: float, window: str) -> None:
    assert needed(1, allowed, enough(seconds(window), TEN_YEARS)) is None


def test_nine_failures_of_ten_are_evidence_everywhere() -> None:
    for slo in load_slos().slos:
        assert surprise(9, 10, float(slo.allowed)) > enough(HOUR, TEN_YEARS), slo.name
