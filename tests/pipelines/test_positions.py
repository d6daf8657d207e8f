"""Where reading goes on: nothing is skipped unless it was accepted, and another topic is never taken for the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.positions import Gap, SourceError, Topic, resumed, upgraded
from tests.pipelines.kafka import source_state

OFFSETS = st.integers(0, 1 << 40)


def topic(oldest: dict[int, int], topic_id: str = "T", log_id: str = "") -> Topic:
    return Topic("events", topic_id, log_id, oldest)


def test_the_very_first_start_begins_with_the_oldest_records() -> None:
    positions, gaps = resumed(None, topic({0: 0, 3: 70}), accept_loss=False)
    assert positions == {0: {"next": 0, "base": 0}, 3: {"next": 70, "base": 0}}
    assert gaps == []


@given(st.dictionaries(st.integers(0, 20), st.tuples(OFFSETS, OFFSETS, OFFSETS), min_size=1))
def test_every_record_is_read_or_in_a_gap(partitions: dict[int, tuple[int, int, int]]) -> None:
    state = source_state({p: (n, base) for p, (n, base, _) in partitions.items()}, topic_id="T")
    there = topic({p: oldest for p, (_, _, oldest) in partitions.items()})
    lost = {p for p, (n, _, oldest) in partitions.items() if oldest > n}
    if lost:
        with pytest.raises(SourceError, match="expired before they were read"):
            resumed(state, there, accept_loss=False)
    positions, gaps = resumed(state, there, accept_loss=bool(lost))
    assert {gap.partition for gap in gaps} == lost
    by_partition = {gap.partition: gap for gap in gaps}
    for p, (n, base, _) in partitions.items():
        stream_offset = positions[p]["next"] + positions[p]["base"]
        assert by_partition.get(p, Gap(p, stream_offset, stream_offset)) == Gap(p, n + base, stream_offset)


def test_what_was_lost_is_named_with_the_way_on() -> None:
    with pytest.raises(SourceError) as caught:
        resumed(source_state({0: (10, 0), 1: (5, 1_000)}), topic({0: 10, 1: 25}), accept_loss=False)
    assert "20 records expired before they were read: events[1] 1,005 to 1,024" in str(caught.value)
    assert "--accept-loss" in str(caught.value)


def test_a_partition_that_is_new_and_has_lost_its_beginning_already_is_a_gap() -> None:
    _, gaps = resumed(source_state({0: (10, 0)}), topic({0: 0, 1: 8}), accept_loss=True)
    assert gaps == [Gap(1, 0, 8)]


def test_a_topic_made_anew_is_noticed_by_its_id_however_long_its_log_is() -> None:
    with pytest.raises(SourceError, match=r"deleted and made anew.*--log-id"):
        resumed(source_state({0: (10, 0)}, topic_id="OLD"), topic({0: 0}, "NEW"), accept_loss=False)
    positions, gaps = resumed(source_state({0: (10, 5)}, topic_id="OLD"), topic({0: 0}, "NEW", "b"), accept_loss=False)
    assert (positions, gaps) == ({0: {"next": 0, "base": 15}}, [])


def test_another_name_for_the_same_topic_is_refused() -> None:
    with pytest.raises(SourceError, match="count every event twice"):
        resumed(source_state({0: (10, 0)}, topic_id="T"), topic({0: 0}, "T", "b"), accept_loss=False)


def test_where_the_broker_does_not_tell_ids_the_name_of_the_log_decides() -> None:
    positions, _ = resumed(source_state({0: (10, 0)}, topic_id=""), topic({0: 0}, "", "b"), accept_loss=False)
    assert positions == {0: {"next": 0, "base": 10}}


def test_a_topic_with_fewer_partitions_is_refused() -> None:
    with pytest.raises(SourceError, match=r"no partition 7 any more.*at least 8 partitions"):
        resumed(source_state({0: (1, 0), 7: (1, 0)}), topic({0: 0}), accept_loss=True)


def test_a_state_of_the_first_version_is_taken_up() -> None:
    first = {"version": 1, "log_id": "a", "positions": {0: {"next": 4, "base": 2}}}
    assert upgraded(first) == source_state({0: (4, 2)}, log_id="a")
