"""Seeded randomness for the hot path: rolled by the thousand, so that taking a number costs next to nothing.

Every source has a stream of its own, spawned from the seed, so what one draws does not move what another
gives.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from local.simulator.world import Duration

_BLOCK: Final = 4096

T = TypeVar("T")


class Rolls:
    """All randomness of one simulation.

    `share()` is uniform in [0, 1), `gap()` exponential with mean 1, `normal()` standard normal.
    """

    def __init__(self, seed: int) -> None:
        self._seeds = np.random.SeedSequence(seed)
        self.share: Callable[[], float] = self._endless(lambda rng: rng.random(_BLOCK))
        self.gap: Callable[[], float] = self._endless(lambda rng: rng.standard_exponential(_BLOCK))
        self.normal: Callable[[], float] = self._endless(lambda rng: rng.standard_normal(_BLOCK))

    def below(self, count: int) -> int:
        """Return a whole number from 0 to `count` - 1."""
        return int(self.share() * count)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self.share() * (high - low + 1))

    def duration(self, duration: Duration) -> Callable[[], float]:
        """Return a source of durations in milliseconds, rounded to the microsecond."""

        def block(rng: np.random.Generator) -> NDArray[np.float64]:
            slow = np.where(rng.random(_BLOCK) < duration.slow_share, duration.slow_factor, 1.0)
            times = rng.lognormal(np.log(duration.median_ms), duration.sigma, _BLOCK) * slow
            return np.round(times, 3)

        return self._endless(block)

    def choice(self, items: Sequence[T], weights: Sequence[float]) -> Callable[[], T]:
        """Return a source of items, drawn in proportion to their weights."""
        shares = np.asarray(weights) / np.sum(weights)
        index = self._endless(lambda rng: rng.choice(len(items), _BLOCK, p=shares))
        return lambda: items[index()]

    def generator(self) -> np.random.Generator:
        """Return a generator of its own, for what is rolled once."""
        return np.random.default_rng(self._seeds.spawn(1)[0])

    def _endless(self, block: Callable[[np.random.Generator], NDArray[Any]]) -> Callable[[], Any]:
        rng = self.generator()

        def numbers() -> Iterator[Any]:
            while True:
                yield from block(rng).tolist()

        return numbers().__next__
