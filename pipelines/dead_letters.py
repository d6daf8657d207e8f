"""Dead letters: what was rejected, why, and its bytes, so that it can be mended and sent again."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.pseudonyms import PlainIds
from pipelines.rows import TIMESTAMP, Rows

TABLE = "rejected_events_rows"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A rejected record.

    Attributes:
        partition: of the topic it was read from.
        offset: stream offset.
        record_time: timestamp of the Kafka record, ms since 1970, UTC.
        reason: one of the documented reasons, for example `missing:messageId`.
        detail: a sentence for the person who mends it.
        payload: its bytes, as they came.
    """

    partition: int
    offset: int
    record_time: int
    reason: str
    detail: str
    payload: bytes


def dead_letter_rows(letters: Sequence[DeadLetter], ids: PlainIds) -> Rows:
    """Make the rows of the table of rejected events; they say by pseudonym whom a payload names, so that it can be erased."""
    return Rows(
        TABLE,
        pa.table(
            {
                "received_at": pa.array([letter.record_time for letter in letters], pa.int64()).cast(TIMESTAMP),
                "partition": pa.array([letter.partition for letter in letters], pa.uint32()),
                "offset": pa.array([letter.offset for letter in letters], pa.uint64()),
                "reason": pa.array([letter.reason for letter in letters], pa.string()),
                "detail": pa.array([letter.detail for letter in letters], pa.string()),
                "payload": pa.array([letter.payload for letter in letters], pa.binary()),
                "persons": pa.array([ids.named_in(letter.payload) for letter in letters], pa.list_(pa.string())),
            }
        ),
    )
