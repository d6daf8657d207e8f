"""What figures come to in this world, computed from its numbers: what an estimate of them has to be near."""

import math
from statistics import NormalDist
from typing import Final

from local.simulator import world

_PHI: Final = NormalDist().cdf


def mean_rating() -> float:
    """Return the mean rating of a feature, 1 to 5."""
    return sum(score * share for score, share in world.RATING_SHARE.items())


def guidance_effect() -> float:
    """Return by how much guidance that is followed raises the share of tasks that are finished."""
    return world.TASK_DONE_GUIDED - world.TASK_DONE_ALONE


def time_ratio() -> float:
    """Return how long an estimate with library items takes, as a multiple of one without."""
    return world.WORK["estimate with library"].median_ms / world.WORK["estimate without"].median_ms


def minutes_saved() -> float:
    """Return the mean of an estimate without library items minus the mean of one with, in minutes."""
    return _mean_minutes("estimate without") - _mean_minutes("estimate with library")


def estimate_bias(kind: str) -> float:
    """Return the mean of (estimated - actual) / actual; `kind` is `library` or `plain`."""
    return _mean_ratio(kind) - 1


def estimate_mape(kind: str) -> float:
    """Return the mean of |estimated - actual| / actual.

    With R = estimated / actual lognormal, E|R - 1| = 2 E[max(R - 1, 0)] - (E[R] - 1), and the expected excess is that of a
    lognormal over a bound (the formula of Black and Scholes without interest).
    """
    mu, sigma = _log_ratio(kind)
    excess = _mean_ratio(kind) * _PHI(mu / sigma + sigma) - _PHI(mu / sigma)
    return 2 * excess - estimate_bias(kind)


def estimates_within(kind: str, tolerance: float) -> float:
    """Return the share of estimates with |estimated - actual| / actual of at most `tolerance`."""
    mu, sigma = _log_ratio(kind)
    return _PHI((math.log(1 + tolerance) - mu) / sigma) - _PHI((math.log(1 - tolerance) - mu) / sigma)


def _mean_minutes(work: str) -> float:
    """Return the mean of a person's work: lognormal in itself, times the person's pace, which is lognormal too."""
    duration = world.WORK[work]
    return duration.median_ms / 60_000 * math.exp((duration.sigma**2 + world.PACE_SIGMA**2) / 2)


def _log_ratio(kind: str) -> tuple[float, float]:
    """Return mean and deviation of the logarithm of estimated over actual cost."""
    return -math.log(world.ESTIMATE_BIAS), world.ESTIMATE_SPREAD[kind]


def _mean_ratio(kind: str) -> float:
    mu, sigma = _log_ratio(kind)
    return math.exp(mu + sigma**2 / 2)
