"""What a recount begins with: the records of a topic, and the rules that they are judged by."""

from dataclasses import dataclass

MINUTE = 60_000
DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Record:
    """A Kafka record.

    Attributes:
        partition: that it lies in.
        offset: its stream offset.
        time: its own timestamp, ms since 1970, UTC.
        value: its bytes; of a record without a value, none.
    """

    partition: int
    offset: int
    time: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Rules:
    """How records are judged; times in ms.

    Attributes:
        lateness: an event further behind the watermark is late.
        max_ahead: an event further ahead of its record's timestamp is rejected.
        max_age: an event further behind its record's timestamp is rejected.
        dedup_horizon: a messageId is remembered at least so long, in event time.
        max_event_bytes: a larger record is rejected.
        catalog_strict: whether an event that the catalog does not know is rejected.
        block: how many stream offsets make a late block.
    """

    lateness: int = 5 * MINUTE
    max_ahead: int = 5 * MINUTE
    max_age: int = 400 * DAY
    dedup_horizon: int = 15 * MINUTE
    max_event_bytes: int = 32_768
    catalog_strict: bool = False
    block: int = 65_536
