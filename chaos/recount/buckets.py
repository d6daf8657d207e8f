"""The bucket of the sketch that a value lies in: k where g^(k-1) < value <= g^k with g = 101/99, in exact fractions."""

from bisect import bisect_left
from fractions import Fraction

GROWTH = Fraction(101, 99)
ZERO = -32_768
"""Bucket of 0, and of what is smaller than SMALLEST."""
SMALLEST = 1e-6
LOWEST, HIGHEST = -695, 920
"""Buckets of SMALLEST, and of a day in ms, lie between these."""

BOUNDS = [float(GROWTH**key) for key in range(LOWEST, HIGHEST + 1)]


def bucket(value: float) -> int:
    """Give the bucket of a value from 0 to a day in ms.

    Raises:
        ValueError: the value is larger.
    """
    if value < SMALLEST:
        return ZERO
    place = bisect_left(BOUNDS, value)
    if place == len(BOUNDS):
        raise ValueError(f"{value} is larger than any duration")
    # The bounds are rounded, which can only matter where a value is the rounded bound itself.
    exceeds = value == BOUNDS[place] and Fraction(value) > GROWTH ** (place + LOWEST)
    return place + LOWEST + exceeds
