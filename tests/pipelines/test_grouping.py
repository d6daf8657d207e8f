"""Groups of rows against a dict of keys, whatever the kinds of columns and however far apart their numbers lie."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.columns import UNKNOWN, Coded, Column, Texts
from pipelines.grouping import group

FAR = (0, 1, -1, 10_000, 1_795_460_640_000, -(2**62), 2**40)
TEXTS = st.sampled_from(("", "a", "b", "ünï", None))


def coded(texts: list[str | None]) -> tuple[Column, list[Any]]:
    return Coded.of(texts), [text or UNKNOWN for text in texts]


def texts(values: list[str | None]) -> tuple[Column, list[Any]]:
    return Texts(pa.array(values, pa.string())), [value or UNKNOWN for value in values]


def numbers(values: list[int]) -> tuple[Column, list[Any]]:
    return np.array(values, dtype=np.int64), values


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[Column, list[Any]]]:
    """One to six columns, each with its values as a list."""
    size = draw(st.integers(1, 40))

    def rows(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
        return st.lists(values, min_size=size, max_size=size)

    column = (
        rows(TEXTS).map(coded)
        | rows(TEXTS).map(texts)
        | rows(st.sampled_from(FAR) | st.integers(0, 5)).map(numbers)
        | rows(st.integers(-(2**40), 2**40)).map(numbers)
    )
    return draw(st.lists(column, min_size=1, max_size=6))


@pytest.mark.parametrize("limit", [1, 16, 1 << 18])
@given(table=tables())
@settings(deadline=None, max_examples=100)
def test_rows_are_grouped_as_a_dict_groups_them(limit: int, table: list[tuple[Column, list[Any]]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.grouping.TABLE_LIMIT", limit)
        groups = group([column for column, _ in table])
    keys = list(zip(*(values for _, values in table), strict=True))
    assert groups.size == len(set(keys))
    by_number: dict[int, Any] = {}
    for key, number in zip(keys, groups.of_row.tolist(), strict=True):
        assert by_number.setdefault(number, key) == key
    assert sorted(by_number) == list(range(groups.size))
    assert {number: keys[row] for number, row in enumerate(groups.first.tolist())} == by_number


def test_many_columns_of_many_values_do_not_overflow() -> None:
    rng = np.random.default_rng(1)
    columns: list[Column] = [rng.integers(0, 200_000, 3_000) for _ in range(8)]
    columns.append(np.arange(3_000) % 2)
    assert group(columns).size == 3_000
    assert (
        group([np.concatenate([column, column]) for column in columns if not isinstance(column, Coded | Texts)]).size
        == 3_000
    )
