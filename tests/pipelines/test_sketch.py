"""The sketch: every value within 1 % of its bucket, every quantile within 1 % of the exact one, merge = whole."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sketch import (
    BOUNDS,
    GAMMA,
    HIGHEST_KEY,
    LOWEST_KEY,
    RELATIVE_ERROR,
    SMALLEST,
    ZERO_BUCKET,
    bucket_of,
    quantile,
)
from tests.pipelines.oracle import bucket

ROUNDING = 1 + 1e-12
DAY_MS = 86_400_000.0
VALUES = st.floats(SMALLEST, DAY_MS)
MANY = st.lists(VALUES | st.just(0.0), min_size=1, max_size=60)


def buckets_of(values: list[float]) -> dict[int, int]:
    return dict(Counter(bucket_of(np.array(values, dtype=np.float64)).tolist()))


def representative(key: int) -> float:
    return 2 * GAMMA**key / (GAMMA + 1)


@given(MANY)
def test_every_value_lies_within_one_percent_of_its_bucket(values: list[float]) -> None:
    for value, key in zip(values, bucket_of(np.array(values)).tolist(), strict=True):
        if value:
            assert abs(representative(key) - value) <= RELATIVE_ERROR * value * ROUNDING
        else:
            assert key == ZERO_BUCKET


@given(VALUES)
def test_buckets_are_those_of_exact_arithmetic(value: float) -> None:
    assert bucket_of(np.array([value])).tolist() == [bucket(value)]


def test_a_bound_belongs_to_its_bucket_and_what_follows_to_the_next() -> None:
    bounds = BOUNDS[np.searchsorted(BOUNDS, SMALLEST) + 1 : -2]
    keys = bucket_of(bounds)
    assert np.array_equal(bucket_of(np.nextafter(bounds, np.inf)), keys + 1)
    assert np.array_equal(bucket_of(np.nextafter(bounds, 0)), keys)
    assert np.array_equal(np.diff(keys), np.ones(len(keys) - 1))


def test_bounds_are_the_powers_of_gamma() -> None:
    keys = np.arange(LOWEST_KEY, HIGHEST_KEY + 1)
    assert np.allclose(BOUNDS, GAMMA ** keys.astype(np.float64), rtol=1e-12, atol=0)
    assert bucket_of(np.array([DAY_MS]))[0] < HIGHEST_KEY - 2
    assert bucket_of(np.array([SMALLEST]))[0] > LOWEST_KEY + 1


@pytest.mark.parametrize("value", [0.0, -0.0, 5e-324, 1e-300, 9.999e-7, math.nan])
def test_nought_and_what_is_next_to_it_share_a_bucket_that_stands_for_nought(value: float) -> None:
    assert bucket_of(np.array([value])).tolist() == [ZERO_BUCKET]
    assert quantile({ZERO_BUCKET: 3}, 0.5) == 0.0


@given(MANY, st.sampled_from((0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)))
@settings(max_examples=200)
def test_a_quantile_lies_within_one_percent_of_the_exact_one(values: list[float], q: float) -> None:
    rank = next(n for n in range(1, len(values) + 1) if n >= q * len(values))
    exact = sorted(values)[rank - 1]
    assert abs(quantile(buckets_of(values), q) - exact) <= RELATIVE_ERROR * exact * ROUNDING


@given(MANY, MANY)
def test_merging_two_sketches_is_the_sketch_of_both(one: list[float], other: list[float]) -> None:
    merged = Counter(buckets_of(one)) + Counter(buckets_of(other))
    assert dict(merged) == buckets_of(one + other)


def test_an_empty_sketch_has_no_quantile() -> None:
    assert math.isnan(quantile({}, 0.5))
