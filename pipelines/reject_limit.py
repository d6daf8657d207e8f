"""A limit on the rejected share of a partition: a bad release must not empty the topic into the dead letters.

Where the limit is reached follows from the partition's verdicts alone, whatever the cut of the batches, so a restart stops at
the same record. Stopping changes no verdict: whoever lifts the limit gets the figures that would have come without it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


class RejectLimitError(Exception):
    """Too many records of a partition were rejected; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RejectLimit:
    """How much may be rejected.

    Attributes:
        share: of the last `over` records of a partition at most this share, from 0 to 1; 1 is no limit.
        over: number of records.
    """

    share: float = 0.5
    over: int = 5_000


class RejectedShare:
    """Watches one partition."""

    def __init__(self, partition: int, limit: RejectLimit) -> None:
        self._partition, self._limit = partition, limit
        self._last = np.zeros(0, dtype=bool)

    def add(self, rejected: NDArray[np.bool_], offsets: NDArray[np.int64]) -> None:
        """Take the next records in.

        Args:
            rejected: shape (n,), whether each record was rejected, in the order of the partition.
            offsets: shape (n,), their stream offsets.

        Raises:
            RejectLimitError: among some `over` consecutive records the rejected share is above the limit.
        """
        over = self._limit.over
        together = np.concatenate((self._last, rejected))
        self._last = together[-over:]
        if len(together) < over or self._limit.share >= 1 or not together.any():
            return
        sums = np.concatenate(([0], np.cumsum(together)))
        within = sums[over:] - sums[:-over]
        above = np.flatnonzero(within > self._limit.share * over)
        if len(above):
            # The sums before the first new record's were judged in the steps before.
            place = int(above[0]) + over - 1 - (len(together) - len(rejected))
            raise self._reached(int(within[above[0]]), int(offsets[max(place, 0)]))

    def snapshot(self) -> tuple[int, bytes]:
        """Return the state as plain data: how many records it is of, and a bit for each."""
        return len(self._last), np.packbits(self._last).tobytes()

    def restore(self, state: tuple[int, Any]) -> None:
        """Take a snapshot up."""
        count, bits = state
        self._last = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=count).astype(bool)

    def _reached(self, rejected: int, offset: int) -> RejectLimitError:
        return RejectLimitError(
            f"partition {self._partition}: {rejected:,} of the {self._limit.over:,} records up to offset {offset:,} were "
            f"rejected, more than {self._limit.share:.0%}. Nothing behind that was taken in; the records wait in Kafka. Look at "
            "the reasons (`tidegauge ledger`), mend the emitter or the catalog, and start again; if the records are to be "
            "rejected, start with TIDEGAUGE_REJECTED_SHARE_LIMIT=1 until they are passed."
        )
