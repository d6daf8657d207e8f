"""The events that every candidate reads: simulated and written once, and counted while they are written."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from local.producer import EventProducer
from local.simulator.simulator import Plan, Simulator

SEED = 20_261_124
STREAM_RATE = 2_000.0
"""Events per second of the stream's own time: a million of them are 500 s, so windows open and close while it is read."""
USERS = 10_000


@dataclass(frozen=True, slots=True)
class Written:
    """What a topic holds.

    Attributes:
        topic: its name.
        records: how many records.
        size: bytes of their values.
        by_event: how many of each event.
    """

    topic: str
    records: int
    size: int
    by_event: Counter[str]

    @property
    def bytes_an_event(self) -> float:
        """Mean size of an event."""
        return self.size / self.records


def plan(events: int) -> Plan:
    """Plan a stream that ends about now; nothing in it is late, doubled or malformed, so that everybody can count it."""
    return Plan(start=time.time() - events / STREAM_RATE, seed=SEED, users=USERS, rate=STREAM_RATE)


def write_events(bootstrap: str, topic: str, events: int, on_batch: Callable[[int], None]) -> Written:
    """Write about `events` events, keyed by user; `on_batch` is told how many there are so far.

    Raises:
        BrokerError: the broker did not take them.
    """
    producer = EventProducer(bootstrap, topic)
    simulator = Simulator(plan(events))
    size = 0
    for batch in simulator.events(limit=events):
        producer.send_all(batch)
        producer.poll(0)
        size += sum(len(value) for _, value, _ in batch)
        on_batch(simulator.tally.sent)
    producer.flush()
    return Written(topic, simulator.tally.sent, size, simulator.tally.events)
