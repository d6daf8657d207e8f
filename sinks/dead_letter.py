"""Sends dead letters to their topic and waits until the broker has them."""

import threading
import time
from collections.abc import Sequence
from typing import Protocol

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

log = structlog.get_logger(__name__)

LARGEST_PAYLOAD = 900_000
"""Bytes of a payload that still fit a broker's default limit; a larger one stays in ClickHouse alone."""
GRACE_SECONDS = 5.0
"""How long a broker that does not answer is still waited for after the process was asked to stop."""


class Letter(Protocol):
    """What is sent of a rejected record; see `pipelines.dead_letters.DeadLetter`."""

    @property
    def partition(self) -> int:
        """Partition it was read from."""

    @property
    def offset(self) -> int:
        """Its stream offset."""

    @property
    def reason(self) -> str:
        """Why it was rejected."""

    @property
    def detail(self) -> str:
        """A sentence for people."""

    @property
    def payload(self) -> bytes:
        """Its bytes, as they came."""


class DeadLetterTopic:
    """The topic of rejected events.

    The value is the record's bytes, the key `partition:offset` of the events topic, headers say reason and detail. After
    a crash a letter may be sent again: its key tells.
    """

    def __init__(self, settings: dict[str, str | int], topic: str, stopping: threading.Event) -> None:
        """Make a producer; `settings` are those of the Kafka client, bootstrap.servers among them."""
        self._producer = Producer({"enable.idempotence": True, "linger.ms": 5, "log_level": 0, **settings})
        self._topic = topic
        self._stopping = stopping
        self._gives_up_at: float | None = None
        self._last_error: KafkaError | None = None

    def send(self, letters: Sequence[Letter]) -> None:
        """Send letters and return when the broker has all of them; waits while it refuses.

        Raises:
            KafkaException: the process was asked to stop while the broker refused or did not answer.
        """
        pause = 0.5
        waiting = list(letters)
        while waiting:
            waiting = self._try(waiting)
            if waiting:
                log.warning(
                    "dead letters refused, reading is paused",
                    waiting=len(waiting),
                    next_try_seconds=pause,
                    error=str(self._last_error),
                )
                if self._stopping.wait(pause):
                    raise _not_taken()
                pause = min(pause * 2, 15.0)

    def close(self) -> None:
        """Give the producer time to end."""
        self._producer.flush(5)

    def _try(self, letters: list[Letter]) -> list[Letter]:
        """Send once; give back what the broker did not take."""
        failed: list[Letter] = []
        for letter in letters:
            self._produce(letter, failed)
        while self._producer.flush(0.2):
            self._check_stop()
        return failed

    def _check_stop(self) -> None:
        """Give up when the process was asked to stop and the broker has had its time since."""
        if not self._stopping.is_set():
            return
        if self._gives_up_at is None:
            self._gives_up_at = time.monotonic() + GRACE_SECONDS
        if time.monotonic() >= self._gives_up_at:
            self._producer.purge()
            raise _not_taken()

    def _produce(self, letter: Letter, failed: list[Letter]) -> None:
        def report(error: KafkaError | None, _: Message | None) -> None:
            if error is not None:
                self._last_error = error
                failed.append(letter)

        whole = len(letter.payload) <= LARGEST_PAYLOAD
        headers: list[tuple[str, str | bytes | None]] = [
            ("reason", letter.reason.encode()),
            ("detail", letter.detail.encode()),
        ]
        if not whole:
            headers.append(("payload", b"too large for this topic; see the view rejected_events"))
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    key=f"{letter.partition}:{letter.offset}".encode(),
                    value=letter.payload if whole else None,
                    headers=headers,
                    on_delivery=report,
                )
            except BufferError:
                self._producer.poll(0.1)
                self._check_stop()
            except KafkaException as error:
                if error.args[0].code() != KafkaError._UNKNOWN_TOPIC:
                    raise
                # That the topic is missing the client says by a report the first time, and at once from then on.
                report(error.args[0], None)
                return
            else:
                self._producer.poll(0)
                return


def _not_taken() -> KafkaException:
    return KafkaException(KafkaError(KafkaError._MSG_TIMED_OUT, "dead letters were not taken"))
