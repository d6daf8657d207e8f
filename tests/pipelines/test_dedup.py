"""The table of seen ids against a dict, over many generations, with ids made to collide."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup import FULL, Ids, IdTable, ids_of

LOW = (0, 1, 5, 2**32, 2**63, 2**63 + 1, 2**64 - 2, 2**64 - 1)
"""Some of them want the same slot: an id's place follows from the upper bits of its lower half."""
HIGH = (0, 1 << 48, 5 << 48, 2**63, 2**64 - 1)
SLOT_BYTES = 11
CALLS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(LOW), st.sampled_from(HIGH)), min_size=1, max_size=30),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=12,
)


def ids(pairs: Sequence[tuple[int, int]]) -> Ids:
    return np.array(pairs, dtype=np.uint64).reshape(-1, 2)


class Model:
    """The same in a dict."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], int] = {}

    def see(self, pairs: Sequence[tuple[int, int]], generation: int, oldest: int) -> list[bool]:
        known = []
        for pair in pairs:
            known.append(self._last.get(pair, oldest - 1) >= oldest)
            self._last[pair] = generation
        return known


@given(CALLS, st.integers(0, 6))
@settings(deadline=None, max_examples=100)
def test_it_knows_what_a_dict_knows(calls: list[tuple[list[tuple[int, int]], int]], kept: int) -> None:
    table, model, generation = IdTable(capacity=16), Model(), 0
    for pairs, more in calls:
        generation += more
        oldest = generation - kept
        assert table.see(ids(pairs), generation, oldest).tolist() == model.see(pairs, generation, oldest)


def test_equal_low_halves_are_different_ids() -> None:
    table = IdTable()
    same_low = ids([(7, high << 48) for high in range(500)])
    assert not table.see(same_low, 1, 0).any()
    assert table.see(same_low, 1, 0).all()
    assert len(table) == 500


def test_ids_that_want_one_slot_find_each_other_behind_the_end_of_the_table() -> None:
    table = IdTable(capacity=64)
    crowd = ids([(2**64 - 1 - n, n) for n in range(20)])
    assert not table.see(crowd, 1, 0).any()
    assert table.see(crowd[::-1], 1, 0).all()


def test_the_second_of_two_in_one_call_is_known() -> None:
    assert IdTable().see(ids([(1, 1), (2, 2), (1, 1), (1, 1)]), 1, 0).tolist() == [False, False, True, True]


def test_a_sighting_renews_an_id() -> None:
    table, one = IdTable(), ids([(1, 1)])
    assert [bool(table.see(one, generation, generation - 5)[0]) for generation in (0, 5, 10, 16)] == [
        False,
        True,
        True,
        False,
    ]


def test_it_grows_and_forgets_nothing() -> None:
    table = IdTable(capacity=16)
    rng = np.random.default_rng(1)
    everything = rng.integers(0, 2**64, (50_000, 2), dtype=np.uint64)
    for part in np.split(everything, 25):
        assert not table.see(part, 1, 0).any()
    assert table.see(everything, 1, 0).all()
    assert len(table) == 50_000


def test_it_does_not_grow_with_what_it_may_forget() -> None:
    table = IdTable()
    rng = np.random.default_rng(1)
    sizes = []
    for generation in range(200):
        table.see(rng.integers(0, 2**64, (2_000, 2), dtype=np.uint64), generation, generation - 5)
        sizes.append(table.nbytes)
    assert max(sizes[50:]) == max(sizes[:50])
    assert len(table) <= FULL * table.nbytes / SLOT_BYTES


def test_it_takes_little_more_memory_than_the_ids_that_it_holds() -> None:
    table = IdTable()
    rng = np.random.default_rng(1)
    for _ in range(50):
        table.see(rng.integers(0, 2**64, (10_000, 2), dtype=np.uint64), 1, 0)
    assert table.nbytes < 17 * len(table)


def test_a_generation_that_is_long_gone_is_not_taken_for_a_new_one() -> None:
    """Stamps are bytes and are used again; a table that never fills is never rebuilt."""
    table, one = IdTable(), ids([(1, 1)])
    assert not table.see(one, 0, -5)[0]
    for generation in range(10, 2_000, 10):
        assert not table.see(ids([(2, generation << 48)]), generation, generation - 5)[0]
    assert not table.see(one, 2_000, 1_995)[0]


@pytest.mark.parametrize("texts", [[], ["m-1"], ["m-1", "m-2", "M-1", "m-1 ", "ünï"]])
def test_ids_of_different_texts_differ(texts: list[str]) -> None:
    found = ids_of(texts)
    assert found.shape == (len(texts), 2)
    assert len({tuple(row) for row in found.tolist()}) == len(texts)
    assert np.array_equal(found, ids_of(texts))
