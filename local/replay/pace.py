"""How fast a replay sends: so many events a second, or a multiple of the original pace."""

import time
from collections.abc import Callable
from threading import Event
from typing import Final, Protocol

_LONGEST_WAIT_S: Final = 0.1  # so that delivery reports are served meanwhile


class Pace(Protocol):
    """When the next event may go."""

    def due_s(self, sent: int, time_ms: int) -> float:
        """Return when the event of `time_ms`, after `sent` others, is due: in seconds after the first."""
        ...


class SteadyRate:
    """So many events a second, whatever their times."""

    def __init__(self, events_per_second: float) -> None:
        self._rate = events_per_second

    def due_s(self, sent: int, time_ms: int) -> float:
        """Return when the event is due."""
        return sent / self._rate


class OriginalPace:
    """The pace at which the events happened, `speed` times as fast."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._first_ms: int | None = None

    def due_s(self, sent: int, time_ms: int) -> float:
        """Return when the event is due."""
        if self._first_ms is None:
            self._first_ms = time_ms
        return (time_ms - self._first_ms) / 1000 / self._speed


class Waiter:
    """Waits until events are due, and keeps serving `poll` meanwhile."""

    def __init__(
        self,
        pace: Pace,
        poll: Callable[[float], None],
        stop: Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pace, self._poll, self._stop, self._clock = pace, poll, stop, clock
        self._start: float | None = None

    def wait_for(self, sent: int, time_ms: int) -> None:
        """Return when the event of `time_ms` after `sent` others is due, or at a stop."""
        if self._start is None:
            self._start = self._clock()
        due = self._start + self._pace.due_s(sent, time_ms)
        while (left := due - self._clock()) > 0 and not self._stop.wait(min(left, _LONGEST_WAIT_S)):
            self._poll(0)
