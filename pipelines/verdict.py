"""What becomes of an event: counted, late, duplicate or rejected, a pure function of its partition's bytes up to it.

No wall clock, no other partition and no batch boundary has a say, so a replay decides the same.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup import Ids
from pipelines.seen import Seen

COUNTED, LATE, DUPLICATE, TIME_IN_FUTURE, TOO_OLD = range(5)
"""Verdict codes. The last two are rejections, and their names in REASONS are the reasons."""
REASONS = {TIME_IN_FUTURE: "time_in_future", TOO_OLD: "too_old"}
NO_WATERMARK = -(2**62)
"""Watermark of a partition that has shown no event yet, ms."""


@dataclass(frozen=True, slots=True)
class TimeRules:
    """How times are judged.

    Attributes:
        lateness: an event further behind the watermark is late.
        max_ahead: an event further ahead of its Kafka record's timestamp is rejected.
        max_age: an event further behind its Kafka record's timestamp is rejected.
        dedup_horizon: a messageId is remembered at least so long, in event time.
    """

    lateness: timedelta = timedelta(minutes=5)
    max_ahead: timedelta = timedelta(minutes=5)
    max_age: timedelta = timedelta(days=400)
    dedup_horizon: timedelta = timedelta(minutes=15)


def milliseconds(duration: timedelta) -> int:
    """Give a duration in whole milliseconds."""
    return duration // timedelta(milliseconds=1)


class PartitionVerdict:
    """Judges the events of one partition in their order."""

    def __init__(self, partition: int, rules: TimeRules, folder: Path) -> None:
        """Start a partition of which nothing was read; sealed ids go to `folder`."""
        self.watermark = NO_WATERMARK
        self.seen = Seen(partition, folder, milliseconds(rules.dedup_horizon))
        self._lateness = milliseconds(rules.lateness)
        self._max_ahead = milliseconds(rules.max_ahead)
        self._max_age = milliseconds(rules.max_age)

    def judge(
        self, ids: Ids, times: NDArray[np.int64], record_times: NDArray[np.int64], offsets: NDArray[np.int64]
    ) -> NDArray[np.int8]:
        """Judge events in the order of the partition.

        Args:
            ids: shape (n, 2), from `pipelines.dedup.ids_of`.
            times: shape (n,), corrected event times, ms.
            record_times: shape (n,), timestamps of the Kafka records, ms.
            offsets: shape (n,), rising.

        Returns:
            Shape (n,), verdict codes.
        """
        verdicts = np.full(len(times), COUNTED, dtype=np.int8)
        verdicts[times > record_times + self._max_ahead] = TIME_IN_FUTURE
        verdicts[times < record_times - self._max_age] = TOO_OLD
        # What is rejected moves no watermark: one wrong clock must not close everybody's windows.
        sound = np.flatnonzero(verdicts == COUNTED)
        if not len(sound):
            return verdicts
        up_to = np.maximum.accumulate(np.concatenate(([self.watermark], times[sound])))
        before, after = up_to[:-1], up_to[1:]
        known = self.seen.see(ids[sound], after, offsets[sound])
        verdicts[sound[times[sound] < before - self._lateness]] = LATE
        verdicts[sound[known]] = DUPLICATE
        self.watermark = int(after[-1])
        return verdicts

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain data."""
        return {"watermark": self.watermark, "seen": self.seen.snapshot()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take a snapshot up."""
        self.watermark = state["watermark"]
        self.seen.restore(state["seen"])
