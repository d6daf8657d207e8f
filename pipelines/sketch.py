"""The sketch: a log-bucket histogram after DDSketch's rule, whose percentiles are within 1 % and which merges by addition.

Bucket k holds the values in (GAMMA^(k-1), GAMMA^k] with GAMMA = (1 + a) / (1 - a) and a = 0.01; 2 GAMMA^k / (GAMMA + 1)
differs from every value in it by at most a (Masson, Rim, Lee: DDSketch, VLDB 2019, section 2.1).
"""

from decimal import Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

RELATIVE_ERROR = 0.01
GAMMA = 1.01 / 0.99
ZERO_BUCKET = -32_768
"""Bucket of 0 and of what is smaller than SMALLEST; its representative, 2 GAMMA^-32768 / (GAMMA + 1), is 0."""
SMALLEST = 1e-6
LOWEST_KEY, HIGHEST_KEY = -700, 1_500


def _bounds() -> NDArray[np.float64]:
    # Powers are taken in decimals, so that every machine has the same bounds whatever its pow() rounds to.
    with localcontext() as context:
        context.prec = 50
        gamma = Decimal("1.01") / Decimal("0.99")
        return np.array([float(gamma**key) for key in range(LOWEST_KEY, HIGHEST_KEY + 1)])


BOUNDS = _bounds()
"""Upper bound of each bucket, from LOWEST_KEY on."""


def bucket_of(values: NDArray[np.float64]) -> NDArray[np.int16]:
    """Give each value its bucket.

    Args:
        values: shape (n,), finite, not negative; NaN (unknown) gets ZERO_BUCKET and is for the caller to leave out.

    The logarithm finds the bucket to within one; comparing with the bounds settles it, so that the answer does not
    depend on how a machine rounds logarithms.
    """
    tiny = ~(values >= SMALLEST)
    safe = np.where(tiny, 1.0, values)
    index = np.ceil(np.log(safe) / np.log(GAMMA)).astype(np.int64) - LOWEST_KEY
    index = np.clip(index, 1, len(BOUNDS) - 2)
    index += safe > BOUNDS[index]
    index -= safe <= BOUNDS[index - 1]
    return np.where(tiny, ZERO_BUCKET, index + LOWEST_KEY).astype(np.int16)


def quantile(buckets: dict[int, int], q: float) -> float:
    """Give the value below which the share q (0..1) of the values lies, within RELATIVE_ERROR; NaN for an empty sketch.

    The rank is that of ClickHouse's quantileExactWeighted: the smallest value whose cumulative count reaches q * n.
    """
    total = sum(buckets.values())
    reached = 0
    for key in sorted(buckets):
        reached += buckets[key]
        if reached >= q * total:
            return 0.0 if key == ZERO_BUCKET else float(2 * GAMMA**key / (GAMMA + 1))
    return float("nan")
