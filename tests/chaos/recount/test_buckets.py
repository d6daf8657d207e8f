"""The recount's buckets are those of the sketch's rule, and the pipeline's."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.recount.buckets import BOUNDS, SMALLEST, ZERO, bucket
from chaos.recount.counted import scaled
from pipelines.sketch import bucket_of

DAY = 86_400_000.0


@given(st.floats(SMALLEST, DAY))
def test_a_value_lies_within_the_bounds_of_its_bucket(value: float) -> None:
    key = bucket(value)
    assert Fraction(101, 99) ** (key - 1) < Fraction(value) <= Fraction(101, 99) ** key


@given(st.floats(0, DAY) | st.floats(0, 1e-5))
def test_buckets_are_those_of_the_pipeline(value: float) -> None:
    assert bucket(value) == int(bucket_of(np.array([value]))[0])


@pytest.mark.parametrize("value", [0.0, 5e-324, 0.999e-6, SMALLEST, 1.0, 1, 101 / 99, DAY])
def test_buckets_at_the_edges(value: float) -> None:
    assert bucket(value) == int(bucket_of(np.array([float(value)]))[0])
    assert (bucket(value) == ZERO) == (value < SMALLEST)


def test_a_value_that_is_no_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="larger than any duration"):
        bucket(BOUNDS[-1] * 2)


@pytest.mark.parametrize(
    ("value", "scale", "whole"),
    [(143.2, 1_000_000, 143_200_000), (0.0000005, 1_000_000, 0), (0.5, 1, 1), (1.5, 1, 2), (7, 1, 7), (0.4375, 8, 4)],
)
def test_values_are_rounded_to_the_nearest_unit(value: float, scale: int, whole: int) -> None:
    assert scaled(value, scale) == whole
