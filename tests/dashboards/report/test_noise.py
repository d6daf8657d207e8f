"""What counts as a movement: published intervals, and how often nothing is taken for something."""

import numpy as np
import pytest

from dashboards.report.noise import Estimate, difference, survives
from dashboards.report.review import _share


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table II, examples a, b and c, method 10
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062)],
)
def test_the_interval_of_two_shares_is_newcombes(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = difference(_share(*one), _share(*other))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-4)
    assert found.p < 0.05, "zero lies outside"


def test_p_is_one_half_and_less_as_zero_leaves_the_interval() -> None:
    base = Estimate(10.0, 9.0, 11.0, 100)
    same, touching, far = (difference(Estimate(v, v - 1, v + 1, 100), base) for v in (10.0, 10 + 2**0.5, 13.0))
    assert same is not None
    assert touching is not None
    assert far is not None
    assert same.p == 1
    assert touching.low == pytest.approx(0)
    assert touching.p == pytest.approx(0.05)
    assert far.p < 0.001


def test_without_an_interval_nothing_is_compared() -> None:
    assert difference(Estimate(1.0, None, None, 10), Estimate(1.0, 0.5, 1.5, 10)) is None


def test_holms_method() -> None:
    """S. Holm (1979): the smallest p against level / m, the next against level / (m - 1), until one fails."""
    assert survives([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert survives([0.02, None, 0.02]) == [True, False, True]
    assert survives([0.03, 0.03]) == [False, False]
    assert survives([]) == []


def test_a_review_in_which_nothing_happened_rarely_names_a_figure() -> None:
    """400 reviews of ten shares that did not change: at most one in twenty may name any, give or take chance."""
    chance = np.random.default_rng(5)
    reviews, named = 400, 0
    for _ in range(reviews):
        hits = chance.binomial(800, 0.1, size=(10, 2))
        compared = [difference(_share(int(a), 800), _share(int(b), 800)) for a, b in hits]
        named += any(survives([one.p if one else None for one in compared]))
    assert named <= 35, "twenty are expected at most"


def test_a_real_change_is_found() -> None:
    found = difference(_share(300, 1000), _share(200, 1000))
    assert found is not None
    assert survives([found.p, *[0.5] * 12])[0]
