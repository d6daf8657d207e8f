"""The stream: handed to Kafka at a pace while faults strike, and known afterwards by the place that Kafka gave each record."""

import threading
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from chaos.plan import Route
from chaos.recount.records import Record
from local.producer import Record as Unsent

_PIECE_SECONDS: Final = 0.02
_PATIENCE_MS: Final = 600_000
"""For how long a broker may be away before a record is given up."""


class StreamError(RuntimeError):
    """Kafka did not take a record for good."""


class Stream:
    """Sends records in slices, in a thread, and notes partition and offset of each acknowledged one.

    Attributes:
        sent: how many records Kafka has acknowledged.
        rate: records that are sent in a second.
        partitions: among how many the route chooses.
        keeps: whether the acknowledged records are kept, to be recounted.
    """

    def __init__(self, bootstrap: str, topic: str, partitions: int, route: Route, rate: float) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "linger.ms": 20,
                "message.timeout.ms": _PATIENCE_MS,
                "message.max.bytes": 4 << 20,
                "queue.buffering.max.messages": 1_000_000,
                "log_level": 0,
            }
        )
        self.sent = 0
        self.rate = rate
        self.partitions = partitions
        self.keeps = True
        self._topic, self._route = topic, route
        self._thread: threading.Thread | None = None
        self._failure: str = ""
        self._acknowledged: list[Record] = []
        self._base: dict[int, int] = {}

    def begin(self, records: Sequence[Unsent]) -> None:
        """Begin to send records at the pace; `end` waits for the last of them."""
        assert self._thread is None, "the slice before was ended"  # noqa: S101 - a mistake of the caller
        self._thread = threading.Thread(target=self._send, args=(records,), name="stream", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait until Kafka has acknowledged every record of the slice.

        Raises:
            StreamError: it did not take one.
        """
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        left = self._producer.flush(_PATIENCE_MS / 1000)
        if self._failure or left:
            raise StreamError(self._failure or f"{left} records were not acknowledged")

    def records(self) -> dict[int, list[Record]]:
        """Give what Kafka has acknowledged, by partition, in the order of the offsets."""
        found: dict[int, list[Record]] = {partition: [] for partition in range(self.partitions)}
        for record in self._acknowledged:
            found[record.partition].append(record)
        for own in found.values():
            own.sort(key=lambda record: record.offset)
        return found

    def take_in(self, held: Iterable[Record]) -> tuple[int, list[str]]:
        """Take in what the topic holds besides what was acknowledged: a retry that a dying broker had stored already.

        Args:
            held: what the topic holds now, with Kafka's offsets.

        Returns:
            How many such retries there are, and what must not be: a record that is not the one that was acknowledged
            at its place, or that nobody sent.
        """
        known = {(record.partition, record.offset): record.value for record in self._acknowledged}
        values = set(known.values())
        retries, problems = [], []
        for record in held:
            place = (record.partition, record.offset + self._base.get(record.partition, 0))
            if place in known:
                if known[place] != record.value:
                    problems.append(f"partition {place[0]}, offset {place[1]}: another record than was acknowledged")
            elif record.value in values:
                retries.append(Record(*place, record.time, record.value))
            else:
                problems.append(f"partition {place[0]}, offset {place[1]}: nobody sent this: {record.value[:100]!r}")
        self._acknowledged += retries
        self.sent += len(retries)
        return len(retries), problems

    def goes_on_in_a_new_log(self) -> None:
        """Note that the topic was made anew: stream offsets go on where the old logs ended."""
        self._base = {partition: len(own) for partition, own in self.records().items()}

    def forget(self, partition: int, first: int, end: int) -> None:
        """Note that records of a partition expired before they could be read."""
        gone = range(first, end)
        self._acknowledged = [r for r in self._acknowledged if r.partition != partition or r.offset not in gone]
        self.sent = len(self._acknowledged)

    def _send(self, records: Sequence[Unsent]) -> None:
        try:
            self._send_at_the_pace(records)
        except KafkaException as error:
            self._failure = str(error)

    def _send_at_the_pace(self, records: Sequence[Unsent]) -> None:
        began, number = time.monotonic(), 0
        while number < len(records):
            due = min(int((time.monotonic() - began) * self.rate) + 1, len(records))
            for record in records[number:due]:
                self._produce(record)
            number = due
            self._producer.poll(_PIECE_SECONDS)

    def _produce(self, record: Unsent) -> None:
        key, value, time_ms = record
        partition = self._route(record, self.partitions)
        report = partial(self._delivered, value, time_ms or 0)
        while True:
            try:
                self._producer.produce(
                    self._topic, value, key, partition=partition, timestamp=time_ms or 0, on_delivery=report
                )
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                # A partition that was just added is not known to every client yet.
                if error.args[0].code() != KafkaError._UNKNOWN_PARTITION:
                    raise
                self._producer.poll(0.1)
            else:
                return

    def _delivered(self, value: bytes, time_ms: int, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failure = self._failure or error.str()
            return
        self.sent += 1
        if not self.keeps:
            return
        partition, offset = message.partition() or 0, message.offset() or 0
        self._acknowledged.append(Record(partition, offset + self._base.get(partition, 0), time_ms, value))
