"""Records of the simulated world, shared out to partitions as Kafka would."""

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime

from chaos.recount.records import Record
from local import producer
from local.simulator.impurities import Impurities
from local.simulator.simulator import Plan, Simulator
from tests.chaos.recount.shard import Streams

START = datetime(2026, 3, 31, 23, 57, tzinfo=UTC).timestamp()
"""A little before a month ends, so that tables have rows in two of their own partitions."""
IMPURE = Impurities(duplicates=0.01, late=0.01, malformed=0.005)


def sent(seed: int, events: int, users: int = 300) -> list[producer.Record]:
    """Simulate so many records (and a few more) and give them in the order in which they are sent."""
    plan = Plan(START, seed=seed, users=users, impurities=IMPURE)
    return [record for batch in Simulator(plan).events(limit=events) for record in batch]


def shared_out(records: Iterable[producer.Record], partitions: int) -> Streams:
    """Share records out to partitions by their keys, as `tests.endpoint.feed` does."""
    streams: dict[int, list[Record]] = {number: [] for number in range(partitions)}
    for key, value, time in records:
        partition = zlib.crc32(key or b"") % partitions
        own = streams[partition]
        own.append(Record(partition, len(own), time or 0, value or b""))
    return streams


def simulated(seed: int, events: int, partitions: int) -> Streams:
    """Simulate so many records and share them out."""
    return shared_out(sent(seed, events), partitions)
