"""The way into Kafka: every record is acknowledged by the broker, or its loss is reported."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from confluent_kafka import KafkaError, KafkaException, Message, Producer

Record = tuple[bytes, bytes, int | None]
"""Key (the user), value (one event), and the record's own timestamp in epoch milliseconds, None for now."""

_QUEUE_MESSAGES: Final = 200_000
_CONNECT_TIMEOUT_S: Final = 10.0
_NO_SETTINGS: Final[Mapping[str, str]] = {}
_MAX_RECORD_BYTES: Final = 4 << 20  # what is too large is the pipeline's to judge, so let it through to there


class BrokerError(RuntimeError):
    """Kafka could not be reached, or did not take what was sent; the text says what to do."""


class EventProducer:
    """Send records to one topic, keyed so that all events of a user share a partition.

    The partition is murmur2 of the key, as Java's and most other clients choose it: a user's events, and the
    retries of one event, meet in one partition whichever client sent them. The producer is idempotent, so its
    own retries do not become duplicates. One thread uses it.
    """

    def __init__(
        self,
        servers: str,
        topic: str,
        *,
        compression: Literal["lz4", "none"] = "lz4",
        client: Mapping[str, str] = _NO_SETTINGS,
    ) -> None:
        """Connect to `servers` (host:port, comma-separated) and see that `topic` is there.

        `client` are further settings of the Kafka client (security).

        Raises:
            BrokerError: no broker answers, or the topic does not exist.
        """
        self.topic = topic
        self.servers = servers
        self.sent = 0
        self.acknowledged = 0
        self.failed = 0
        self._first_failure = ""
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "compression.type": compression,
                "linger.ms": 20,
                "queue.buffering.max.messages": _QUEUE_MESSAGES,
                "message.timeout.ms": 60_000,
                "message.max.bytes": _MAX_RECORD_BYTES,
                "on_delivery": self._delivered,
                "error_cb": self._failed,
                "log_level": 0,
                **client,
            }
        )
        self._check_topic()

    def send(self, key: bytes, value: bytes, timestamp_ms: int | None = None) -> None:
        """Hand one record to the producer's queue; wait while the queue is full.

        Args:
            key: what the partition is chosen by: the user's id.
            value: one event.
            timestamp_ms: the record's own timestamp in epoch milliseconds; None means now.

        Raises:
            BrokerError: the broker has refused or lost an earlier record.
        """
        while True:
            try:
                self._producer.produce(self.topic, value, key, timestamp=timestamp_ms or 0)
                break
            except BufferError:
                self.poll(0.1)
            except KafkaException as error:
                raise BrokerError(self._advice(str(error))) from error
        self.sent += 1
        if self.sent & 1023 == 0:
            self.poll(0)

    def send_all(self, records: Iterable[Record]) -> None:
        """Send many records, as `send` does each."""
        for key, value, timestamp_ms in records:
            self.send(key, value, timestamp_ms)

    def poll(self, seconds: float) -> None:
        """Serve delivery reports for up to `seconds`.

        Raises:
            BrokerError: a record was refused or lost.
        """
        self._producer.poll(seconds)
        if self.failed:
            raise BrokerError(self._advice(self._first_failure))

    def flush(self, seconds: float = 60.0) -> None:
        """Wait until the broker has acknowledged every record sent.

        Raises:
            BrokerError: some were refused, or are still without an answer after `seconds`.
        """
        waiting = self._producer.flush(seconds)
        if self.failed or waiting:
            lost = f"{self.failed} of {self.sent} records were refused, {waiting} are without an answer"
            raise BrokerError(self._advice(f"{lost}. {self._first_failure}".strip()))

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.acknowledged += 1
            return
        self.failed += 1
        self._first_failure = self._first_failure or error.str()

    def _failed(self, error: KafkaError) -> None:
        # Only told for the advice: librdkafka goes on trying, and a record that is lost gets its own report.
        if not error.fatal():
            return
        self.failed += 1
        self._first_failure = self._first_failure or error.str()

    def _check_topic(self) -> None:
        try:
            topics = self._producer.list_topics(timeout=_CONNECT_TIMEOUT_S).topics
        except KafkaException as error:
            raise BrokerError(self._advice(error.args[0].str())) from error
        if self.topic not in topics:
            reason = f"topic {self.topic!r} does not exist"
            raise BrokerError(f"Kafka at {self.servers}: {reason}. `tidegauge up` creates it on the local stack.")

    def _advice(self, reason: str) -> str:
        return (
            f"Kafka at {self.servers}: {reason}. Is the broker running? `tidegauge up` starts the local one; "
            "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS names another."
        )
