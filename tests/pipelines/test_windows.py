"""Windows alone: which rows are written when, whole and once; which cells are dropped when; stop and resume."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from pipelines.columns import Coded, Column
from pipelines.rollup import Rollup, count, equals, max_of, min_of, sketch_of, sum_of
from pipelines.rows import Rows
from pipelines.sketch import bucket_of
from pipelines.windows import BLOCK_SIZE, Progress, Windows, late_block
from tests.pipelines.tables import Row, as_dicts

SEARCHES = Rollup(
    name="searches",
    table="searches_rows",
    dimensions=("event",),
    measures={
        "count": count(),
        "errors": count(where=equals("outcome", "error")),
        "sum": sum_of("duration_ms", scale=1),
        "least": min_of("duration_ms"),
        "most": max_of("duration_ms"),
        "sketch": sketch_of("duration_ms"),
    },
    window=timedelta(seconds=10),
)
LATENESS = 300_000
NAN = float("nan")

Event = tuple[int, str, float]
"""Time in ms, name, duration."""


@pytest.fixture
def windows() -> Windows:
    return Windows(SEARCHES, LATENESS)


def columns(events: Sequence[Event], partition: int = 0, block: int = 0) -> dict[str, Column]:
    durations = np.array([duration for *_, duration in events])
    size = len(events)
    return {
        "partition": np.full(size, partition),
        "late_block": np.full(size, block),
        "time": np.array([time for time, *_ in events]),
        "event": Coded.of([name for _, name, _ in events]),
        "outcome": Coded.of(["error" if duration > 100 else None for *_, duration in events]),
        "duration_ms": durations,
        "duration_ms.bucket": bucket_of(durations),
    }


def rows(taken: Rows | None) -> list[Row]:
    """Rows without what every test here leaves alone."""
    return as_dicts(taken.data) if taken is not None else []


def figures(taken: Rows | None) -> dict[tuple[int, str], Any]:
    return {(int(row["window_start"].timestamp()), row["event"]): row["count"] for row in rows(taken)}


def test_a_row_holds_all_measures_of_its_window(windows: Windows) -> None:
    windows.add(columns([(12_000, "a", 5.0), (19_999, "a", 150.0), (15_000, "a", NAN)]))
    (row,) = rows(windows.take_changed())
    assert row.pop("window_start").timestamp() == 10
    assert row == {
        **{"partition": 0, "late_block": 0, "event": "a", "count": 3, "errors": 1},
        **{"sum": 155, "least": 5.0, "most": 150.0, "version": 3},
        "sketch": {int(key): 1 for key in bucket_of(np.array([5.0, 150.0]))},
    }


def test_what_no_event_carries_is_null_and_has_an_empty_sketch(windows: Windows) -> None:
    windows.add(columns([(0, "a", NAN)]))
    (row,) = rows(windows.take_changed())
    assert (row["sum"], row["least"], row["most"], row["sketch"]) == (0, None, None, {})


def test_only_changed_rows_are_written_but_whole(windows: Windows) -> None:
    windows.add(columns([(0, "a", 1.0), (0, "b", 1.0), (10_000, "a", 1.0)]))
    assert figures(windows.take_changed()) == {(0, "a"): 1, (0, "b"): 1, (10, "a"): 1}
    assert windows.take_changed() is None
    windows.add(columns([(1, "b", 1.0)]))
    assert windows.has_changes
    assert figures(windows.take_changed()) == {(0, "b"): 2}
    assert not windows.has_changes


def test_windows_begin_at_multiples_of_their_length_before_1970_too(windows: Windows) -> None:
    windows.add(columns([(-1, "a", 1.0), (-10_000, "a", 1.0), (9_999, "a", 1.0)]))
    assert figures(windows.take_changed()) == {(-10, "a"): 2, (0, "a"): 1}


def test_partitions_and_late_blocks_have_rows_of_their_own(windows: Windows) -> None:
    for partition, block in ((0, 0), (1, 0), (0, 1), (0, 2)):
        windows.add(columns([(0, "a", 1.0)], partition, block))
    found = [(row["partition"], row["late_block"], row["count"]) for row in rows(windows.take_changed())]
    assert sorted(found) == [(0, 0, 1), (0, 1, 1), (0, 2, 1), (1, 0, 1)]


def test_a_window_closes_when_the_watermark_lies_lateness_behind_its_end(windows: Windows) -> None:
    windows.add(columns([(5_000, "a", 1.0)]))
    end = 10_000 + LATENESS
    assert not windows.is_closing({0: Progress(end - 1, 1)})
    assert windows.is_closing({0: Progress(end, 1)})
    assert not windows.is_closing({1: Progress(end, 1)}), "another partition's watermark is no matter"


def test_a_closed_window_is_dropped_but_never_before_its_rows_are_written(windows: Windows) -> None:
    progress = {0: Progress(10_000 + LATENESS, 1)}
    windows.add(columns([(5_000, "a", 1.0), (10_000, "a", 1.0)]))
    windows.close(progress)
    assert len(windows.snapshot()) == 2
    assert figures(windows.take_changed()) == {(0, "a"): 1, (10, "a"): 1}
    windows.close(progress)
    assert [key for key, _ in windows.snapshot()] == [(0, 0, 10_000)]


def test_a_late_block_stays_until_the_offset_leaves_it(windows: Windows) -> None:
    windows.add(columns([(5_000, "a", 1.0)], block=1))
    windows.take_changed()
    windows.close({0: Progress(10**15, BLOCK_SIZE - 1)})
    windows.add(columns([(5_000, "a", 1.0), (95_000, "b", 1.0)], block=1))
    assert figures(windows.take_changed()) == {(0, "a"): 2, (90, "b"): 1}
    windows.close({0: Progress(10**15, BLOCK_SIZE)})
    assert windows.snapshot() == []


@pytest.mark.parametrize(("offset", "block"), [(0, 1), (BLOCK_SIZE - 1, 1), (BLOCK_SIZE, 2)])
def test_late_blocks_are_counted_from_one(offset: int, block: int) -> None:
    assert late_block(offset) == block


def test_restored_windows_write_everything_again_and_go_on(windows: Windows) -> None:
    windows.add(columns([(0, "a", 1.0), (0, "b", NAN)]))
    windows.add(columns([(0, "c", 7.0)], block=3))
    before = rows(windows.take_changed())
    again = Windows(SEARCHES, LATENESS)
    again.restore(windows.snapshot())
    assert again.snapshot() == windows.snapshot()
    assert rows(again.take_changed()) == before
    for one in (windows, again):
        one.add(columns([(0, "a", 1.0), (0, "d", 2.0)]))
    assert rows(again.take_changed()) == rows(windows.take_changed())


def test_an_unchanged_cell_is_encoded_once(windows: Windows) -> None:
    windows.add(columns([(0, "a", 1.0), (90_000, "a", 1.0)]))
    first = dict(windows.snapshot())
    windows.add(columns([(0, "a", 1.0)]))
    second = dict(windows.snapshot())
    assert second[0, 0, 90_000] is first[0, 0, 90_000]
    assert second[0, 0, 0] != first[0, 0, 0]


def test_many_rows_in_one_window(windows: Windows) -> None:
    events = [(n % 10_000, f"e{n % 700}", float(n)) for n in range(1, 5_001)]
    for start in range(0, 5_000, 333):
        windows.add(columns(events[start : start + 333]))
    found = rows(windows.take_changed())
    assert len(found) == 700
    assert sum(row["sum"] for row in found) == sum(range(1, 5_001))
    assert all(sum(row["sketch"].values()) == row["count"] == row["version"] for row in found)
    assert max(row["most"] for row in found) == 5_000


def test_events_that_the_rollup_does_not_look_at_leave_no_trace() -> None:
    windows = Windows(
        Rollup("x", "x_rows", ("event",), {"count": count()}, timedelta(seconds=1), where=equals("outcome", "error")),
        LATENESS,
    )
    windows.add(columns([(0, "a", 1.0)]))
    assert windows.take_changed() is None
    windows.add(columns([(0, "a", 1.0), (0, "b", 200.0)]))
    assert figures(windows.take_changed()) == {(0, "b"): 1}
