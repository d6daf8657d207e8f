"""What the source hands to the pipeline: the records of one partition that were read together, whole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """Consecutive records of one Kafka partition.

    Attributes:
        partition: number of the partition.
        offsets: shape (n,), rising: stream offsets. They equal Kafka's until a topic is deleted and made again; from then
            on they go on counting where the old log ended, so that one offset never names two records.
        record_times: shape (n,): timestamps of the Kafka records, ms since 1970, UTC.
        values: the n payloads; a record without one has b"".
    """

    partition: int
    offsets: NDArray[np.int64]
    record_times: NDArray[np.int64]
    values: list[bytes]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def next_offset(self) -> int:
        """The stream offset that comes after the last record."""
        return int(self.offsets[-1]) + 1
