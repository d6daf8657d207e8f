"""The people of the simulated application: who they are, when they come and go, what they take up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from local.simulator import world

DAY_S: Final = 86_400.0
_SETTLED_DAYS: Final = 28.0  # how old the world is when a live simulation begins


Habit = Literal["never", "once", "regular"]


@dataclass(slots=True)
class Estimate:
    """An estimate that is still open."""

    estimate_id: str
    cost: float
    from_library: bool
    revisions: int = 0


@dataclass(slots=True)
class Person:
    """One user. Times are epoch seconds; `adopts_at` is ordered as the world's features, `flag_habit` is about the flag's."""

    user_id: str
    tenant: str
    role: str
    joined_at: float
    left_at: float
    adopts_at: tuple[float, ...]
    flag_on: bool
    flag_habit: Habit
    clock_error_s: float
    pace: float
    estimates: list[Estimate] = field(default_factory=list)
    exposed: bool = False
    flag_used: bool = False
    asked_at: float = float("-inf")

    def is_there(self, now: float) -> bool:
        """Tell whether the user has joined and not left."""
        return self.joined_at <= now < self.left_at


def populate(count: int, rng: np.random.Generator, start: float, days: float) -> list[Person]:
    """Make `count` users for a simulation that begins at `start` (epoch seconds).

    With `days` the world begins with it, and users join, adopt features and leave over that time. Without
    (live), the world has been there for four weeks, everybody has joined and nobody leaves.
    """
    began = start if days else start - _SETTLED_DAYS * DAY_S
    late = rng.random(count) >= world.JOINED_BEFORE_SHARE
    joined = np.where(late, start + rng.random(count) * days * DAY_S, start) if days else np.full(count, began)
    stay = rng.exponential(world.STAY_DAYS * DAY_S, count) if days else np.full(count, np.inf)
    adopts = _adoption(count, rng, joined)
    tenants = _drawn(rng, world.TENANTS, world.TENANT_WEIGHT, count)
    roles = _drawn(rng, world.ROLES, world.ROLE_WEIGHT, count)
    flags = rng.random(count) < world.FLAG.on_share
    clocks = np.where(rng.random(count) < world.WRONG_CLOCK_SHARE, rng.uniform(-7200, 7200, count), 0.0)
    paces = rng.lognormal(0.0, world.PACE_SIGMA, count)
    habits = _habits(count, rng)
    return [
        Person(
            user_id=f"u-{number:06d}",
            tenant=tenants[number],
            role=roles[number],
            joined_at=float(joined[number]),
            left_at=float(joined[number] + stay[number]),
            adopts_at=tuple(adopts[number].tolist()),
            flag_on=bool(flags[number]),
            flag_habit=habits[number] if flags[number] else "never",
            clock_error_s=round(float(clocks[number]), 3),
            pace=float(paces[number]),
        )
        for number in range(count)
    ]


def _adoption(count: int, rng: np.random.Generator, joined: np.ndarray) -> np.ndarray:
    features = tuple(world.FEATURES.values())
    half_lives = np.array([feature.half_life_days for feature in features]) * DAY_S
    after = rng.exponential(half_lives / np.log(2), (count, len(features)))
    ever = rng.random((count, len(features))) < np.array([feature.ceiling for feature in features])
    return np.where(ever, joined[:, None] + after, np.inf)


def _habits(count: int, rng: np.random.Generator) -> list[Habit]:
    """Draw what those for whom the flag is on make of its feature."""
    taken_up, kept = rng.random(count) < world.FLAG.taken_up, rng.random(count) < world.FLAG.kept
    return [
        ("regular" if stays else "once") if begins else "never" for begins, stays in zip(taken_up, kept, strict=True)
    ]


def _drawn(rng: np.random.Generator, items: Sequence[str], weights: Sequence[float], count: int) -> list[str]:
    return [items[index] for index in rng.choice(len(items), count, p=np.asarray(weights) / np.sum(weights))]
