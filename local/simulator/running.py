"""Runs a simulation into Kafka: at the pace of the clock, or as fast as it goes."""

import time
from collections.abc import Callable, Iterable
from threading import Event
from typing import Final, Protocol

from local.producer import Record
from local.simulator.simulator import Simulator

_LONGEST_WAIT_S: Final = 0.1  # so that a stop and delivery reports never wait longer


class Sender(Protocol):
    """Where a simulation sends to: `local.producer.EventProducer`, or a list in tests."""

    def send_all(self, records: Iterable[Record]) -> None:
        """Take records."""
        ...

    def poll(self, seconds: float) -> None:
        """Serve delivery reports for up to `seconds`."""
        ...


def run(
    simulator: Simulator,
    sender: Sender,
    *,
    live: bool = True,
    until: float | None = None,
    limit: int | None = None,
    stop: Event | None = None,
    on_batch: Callable[[], None] = lambda: None,
) -> None:
    """Send a simulation until it ends or `stop` is set.

    Args:
        simulator: its `tally` is true at every moment between two batches.
        sender: takes the records; flushing it is the caller's part.
        live: send each batch when its time has come by the wall clock, for a plan that starts now.
        until: end of the stream in epoch seconds.
        limit: number of records after which it ends.
        stop: set by another thread to end it.
        on_batch: called after every batch, to show how far it is.

    Raises:
        BrokerError: the broker did not take a record.
    """
    stop = stop or Event()
    offset = simulator.plan.start - time.monotonic()
    for batch in simulator.events(until, limit):
        if live and batch:
            _wait_until((batch[-1][2] or 0) / 1000 - offset, sender, stop)
        sender.send_all(batch)
        sender.poll(0)
        on_batch()
        if stop.is_set():
            return


def _wait_until(due: float, sender: Sender, stop: Event) -> None:
    while (left := due - time.monotonic()) > 0 and not stop.wait(min(left, _LONGEST_WAIT_S)):
        sender.poll(0)
