"""Records of the simulated world, shared out to partitions as Kafka would."""

import zlib
from datetime import UTC, datetime

from chaos.recount.records import Record
from local.simulator.impurities import Impurities
from local.simulator.simulator import Plan, Simulator
from tests.chaos.recount.shard import Streams

START = datetime(2026, 3, 31, 23, 57, tzinfo=UTC).timestamp()
"""A little before a month ends, so that tables have rows in two of their own partitions."""
IMPURE = Impurities(duplicates=0.01, late=0.01, malformed=0.005)


def simulated(seed: int, events: int, partitions: int, users: int = 300) -> Streams:
    """Simulate so many records."""
    plan = Plan(START, seed=seed, users=users, impurities=IMPURE)
    streams: dict[int, list[Record]] = {number: [] for number in range(partitions)}
    for batch in Simulator(plan).events(limit=events):
        for key, value, time in batch:
            own = streams[zlib.crc32(key or b"") % partitions]
            own.append(Record(zlib.crc32(key or b"") % partitions, len(own), time or 0, value or b""))
    return streams
