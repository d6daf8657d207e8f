"""Tells a movement from noise: the interval of a difference from two intervals, and what many comparisons at once allow.

The difference of two independent estimates gets its interval from theirs by MOVER (Zou and Donner, Statistics in Medicine 27,
2008); of two shares with Wilson's intervals that is Newcombe's method 10. Its p follows from how far zero lies outside, as if
that side were normal. Of all figures of a review those have moved whose p survives Holm's method (Scandinavian Journal of
Statistics 6, 1979) at 5 %: so a review in which nothing happened names any figure in at most one of twenty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist

LEVEL = 0.05
_Z = NormalDist().inv_cdf(1 - LEVEL / 2)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval, where it has one, and on how many (`n`) it rests; `hits` are those of a share."""

    value: float
    low: float | None
    high: float | None
    n: int
    hits: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Now minus before, with its 95 % interval, and how often chance alone gives one as large."""

    value: float
    low: float
    high: float
    p: float


def difference(now: Estimate, before: Estimate) -> Difference | None:
    """Compare two independent estimates; None where one has no interval."""
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return None
    moved = now.value - before.value
    down = sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2)
    # Towards zero is what counts: down for a rise, up for a fall.
    width = down if moved > 0 else up
    z = abs(moved) / width * _Z if width else (inf if moved else 0.0)
    return Difference(moved, moved - down, moved + up, 2 * NormalDist().cdf(-z))


def survives(p_values: Sequence[float | None], level: float = LEVEL) -> list[bool]:
    """Tell for each p whether it survives Holm's method; None (not compared) does not."""
    order = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    outcome = [False] * len(p_values)
    for rank, (p, place) in enumerate(order):
        if p > level / (len(order) - rank):
            break
        outcome[place] = True
    return outcome
