"""The rhythm of the day and the week: how busy it is at a moment, relative to the mean of the week."""

from typing import Final

import numpy as np

from local.simulator import world

_WEEK_MINUTES: Final = 7 * 24 * 60
_MONDAY_MINUTE: Final = 4 * 24 * 60  # 1970-01-01 was a Thursday; the fifth of that month was a Monday


def _by_minute() -> list[float]:
    hours = np.array(world.HOURLY_WEIGHT, dtype=float)
    clock = np.arange(24 * 60) / 60
    # An hour's weight holds in its middle; between the middles it changes evenly, across midnight too.
    day = np.interp(clock, np.arange(24) + 0.5, hours, period=24)
    week = np.concatenate([weight * day for weight in world.WEEKDAY_WEIGHT])
    return [float(share) for share in week / week.mean()]


_FACTORS: Final = _by_minute()


def busyness(now: float) -> float:
    """Return the activity at `now` (epoch seconds) over the mean of the week, by the customers' clock."""
    minute = int(now // 60) + world.UTC_OFFSET_HOURS * 60 - _MONDAY_MINUTE
    return _FACTORS[minute % _WEEK_MINUTES]
