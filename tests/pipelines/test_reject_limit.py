"""The limit on the rejected share: the same record stops it whatever the cut of the batches and the restarts between."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reject_limit import RejectedShare, RejectLimit, RejectLimitError

LIMITS = st.builds(RejectLimit, st.sampled_from((0.1, 0.5, 0.9, 1.0)), st.integers(1, 12))


def first_above(rejected: list[bool], limit: RejectLimit) -> int | None:
    """Judge by hand: the first record at which the share of the last `over` is above the limit."""
    for end in range(limit.over, len(rejected) + 1):
        if sum(rejected[end - limit.over : end]) > limit.share * limit.over:
            return end - 1
    return None


def stopped_at(rejected: list[bool], limit: RejectLimit, cuts: list[int]) -> tuple[int, int] | None:
    """Feed a partition in pieces, restored from a snapshot between them; give the piece that stopped it."""
    share, start = RejectedShare(0, limit), 0
    for end in [*sorted(cut for cut in cuts if 0 < cut < len(rejected)), len(rejected)]:
        try:
            share.add(np.array(rejected[start:end], dtype=bool), np.arange(start, end))
        except RejectLimitError:
            return start, end
        state, share = share.snapshot(), RejectedShare(0, limit)
        share.restore(state)
        start = end
    return None


@given(st.lists(st.booleans(), max_size=60), LIMITS, st.lists(st.integers(0, 60)))
def test_it_stops_in_the_piece_that_holds_the_record_and_nowhere_else(
    rejected: list[bool], limit: RejectLimit, cuts: list[int]
) -> None:
    record, piece = first_above(rejected, limit), stopped_at(rejected, limit, cuts)
    assert (record is None) == (piece is None)
    if record is not None and piece is not None:
        assert piece[0] <= record < piece[1]


def test_the_message_says_where_and_what_to_do() -> None:
    share = RejectedShare(3, RejectLimit(0.5, 4))
    share.add(np.array([False, True, True]), np.array([10, 11, 12]))
    with pytest.raises(RejectLimitError) as caught:
        share.add(np.array([False, True, True, True]), np.array([13, 14, 20, 21]))
    assert "partition 3: 3 of the 4 records up to offset 14 were rejected, more than 50%" in str(caught.value)
    assert "TIDEGAUGE_REJECTED_SHARE_LIMIT=1" in str(caught.value)
