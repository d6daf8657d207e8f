"""The verdict on single events: its bounds to the millisecond, what moves the watermark, what is remembered."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from pipelines.dedup import ids_of
from pipelines.verdict import (
    COUNTED,
    DUPLICATE,
    LATE,
    TIME_IN_FUTURE,
    TOO_OLD,
    PartitionVerdict,
    TimeRules,
    milliseconds,
)

NOW = 1_795_460_640_123
MINUTE = 60_000
DAY = 86_400_000


class Judge:
    """A partition that is asked about one list of events after the other."""

    def __init__(self, folder: Path, rules: TimeRules | None = None) -> None:
        self.verdict = PartitionVerdict(0, rules or TimeRules(), folder)
        self._offset = 0

    def __call__(
        self, times: Sequence[int], ids: Sequence[str] | None = None, record_times: Sequence[int] | None = None
    ) -> list[int]:
        offsets = np.arange(self._offset, self._offset + len(times))
        self._offset += len(times)
        ids = ids or [f"m-{offset}" for offset in offsets]
        times_ms = np.array(times, dtype=np.int64)
        records = times_ms if record_times is None else np.array(record_times, dtype=np.int64)
        verdicts: list[int] = self.verdict.judge(ids_of(ids), times_ms, records, offsets).tolist()
        return verdicts


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    return Judge(tmp_path)


def test_an_event_is_late_when_it_lies_more_than_lateness_behind(judge: Judge) -> None:
    assert judge([NOW, NOW - 5 * MINUTE, NOW - 5 * MINUTE - 1]) == [COUNTED, COUNTED, LATE]


def test_the_first_event_is_never_late_and_the_watermark_is_that_of_the_events_before(judge: Judge) -> None:
    assert judge([NOW - 10 * MINUTE]) == [COUNTED]
    assert judge([NOW, NOW - 10 * MINUTE]) == [COUNTED, LATE]


def test_a_late_event_moves_no_watermark(judge: Judge) -> None:
    judge([NOW, NOW - 20 * MINUTE])
    assert judge.verdict.watermark == NOW


@pytest.mark.parametrize(
    ("behind", "expect"),
    [(-5 * MINUTE, COUNTED), (-5 * MINUTE - 1, TIME_IN_FUTURE), (400 * DAY, COUNTED), (400 * DAY + 1, TOO_OLD)],
)
def test_times_are_held_against_the_record(judge: Judge, behind: int, expect: int) -> None:
    assert judge([NOW - behind], record_times=[NOW]) == [expect]


@pytest.mark.parametrize("behind", [-10 * MINUTE, 500 * DAY])
def test_what_is_rejected_moves_no_watermark_and_is_not_remembered(judge: Judge, behind: int) -> None:
    assert judge([NOW, NOW - behind], ["a", "b"], [NOW, NOW])[1] in (TIME_IN_FUTURE, TOO_OLD)
    assert judge.verdict.watermark == NOW
    assert judge([NOW - 4 * MINUTE], ["b"], [NOW]) == [COUNTED]


def test_nothing_but_rejected_events_leaves_the_partition_as_it_was(judge: Judge) -> None:
    before = judge.verdict.watermark
    assert judge([NOW + DAY], record_times=[NOW]) == [TIME_IN_FUTURE]
    assert judge.verdict.watermark == before


def test_the_second_sighting_is_a_duplicate_whether_or_not_it_is_late(judge: Judge) -> None:
    assert judge([NOW, NOW], ["a", "a"]) == [COUNTED, DUPLICATE]
    assert judge([NOW - 6 * MINUTE], ["a"]) == [DUPLICATE]
    assert judge([NOW - 6 * MINUTE], ["b"]) == [LATE]
    assert judge([NOW - 6 * MINUTE], ["b"]) == [DUPLICATE]


def test_an_id_is_known_for_the_whole_horizon_and_forgotten_a_generation_later(tmp_path: Path) -> None:
    horizon, generation = 15 * MINUTE, 3 * MINUTE
    start = NOW // generation * generation
    for first in (start, start + generation - 1):
        remembered, forgotten = Judge(tmp_path), Judge(tmp_path)
        assert remembered([first, first + horizon], ["a", "a"]) == [COUNTED, DUPLICATE]
        end = first // generation * generation + horizon + generation
        assert forgotten([first, end], ["a", "a"]) == [COUNTED, COUNTED]


def test_an_idle_partition_forgets_nothing_while_others_run_on(tmp_path: Path) -> None:
    idle, busy = Judge(tmp_path), Judge(tmp_path)
    idle([NOW], ["a"])
    busy([NOW + 30 * DAY])
    assert idle([NOW + 1], ["a"]) == [DUPLICATE]


def test_a_verdict_goes_on_from_its_snapshot(tmp_path: Path) -> None:
    first, second = Judge(tmp_path), Judge(tmp_path)
    first([NOW, NOW + 1], ["a", "b"])
    second.verdict.restore(first.verdict.snapshot())
    assert second([NOW, NOW - 5 * MINUTE], ["b", "c"]) == [DUPLICATE, LATE]


def test_rules_are_counted_in_whole_milliseconds(tmp_path: Path) -> None:
    assert milliseconds(timedelta(days=400)) == 400 * DAY
    judge = Judge(tmp_path, TimeRules(lateness=timedelta(0)))
    assert judge([NOW, NOW, NOW - 1]) == [COUNTED, COUNTED, LATE]
