"""What the broker says of a topic: its partitions, its id, where its logs begin; at the start, and watched while it is read."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from pipelines.positions import SourceError, Topic

log = structlog.get_logger(__name__)

BROKER_TIMEOUT = 15.0
"""Seconds in which a broker must answer at the start."""
LOOK_TIMEOUT = 5.0
"""Seconds in which it must answer while it is watched."""
WATCH_SECONDS = 10.0
"""Pause between two looks at the topic while it is read."""
ENDS_SECONDS = 1.0
"""Pause between two looks at the ends of its logs: no longer than a scrape, so that a lag is shown while it grows."""
_NOT_YET: Final = frozenset({KafkaError._DESTROY, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC})
"""What a client says of a partition that is there while it is still finding its way.

It has just learnt the broker's own address and drops its first connection, or it has not heard of the topic yet.
"""
_ASK_AGAIN_SECONDS: Final = 0.05


class TopicConfig(Protocol):
    """What of the source's configuration says which topic is read by whom; see `pipelines.source.SourceConfig`."""

    @property
    def bootstrap_servers(self) -> str:
        """Kafka brokers."""

    @property
    def topic(self) -> str:
        """Name of the topic."""

    @property
    def group(self) -> str:
        """Consumer group of the durable offsets."""

    @property
    def shard(self) -> int:
        """Number of this shard."""

    @property
    def shards(self) -> int:
        """How many there are."""

    @property
    def log_id(self) -> str:
        """Name of the topic's incarnation."""

    @property
    def client(self) -> tuple[tuple[str, str | int], ...]:
        """Further settings of the Kafka client."""


def described(consumer: Consumer, config: TopicConfig) -> Topic:
    """Ask for all that a start must know of the topic: this shard's partitions and the ids that tell it from another.

    Raises:
        SourceError: no broker answers, or the topic is not there.
    """
    complaints: list[str] = []
    settings: dict[str, Any] = {**client_settings(config), "error_cb": lambda error: complaints.append(error.str())}
    admin = AdminClient(settings)
    try:
        topic_id, partitions = look(admin, config.topic, BROKER_TIMEOUT)
        oldest = {
            partition: _oldest(consumer, config.topic, partition) for partition in own_partitions(config, partitions)
        }
    except KafkaException as error:
        admin.poll(0)
        # A wrong password or certificate is said only here; the last word of the client is that it gave up.
        why = next((text for text in complaints if "brokers are down" not in text), error.args[0].str())
        raise SourceError(
            f"no Kafka broker answers at {config.bootstrap_servers}: {why}. "
            "Start one (`tidegauge up` has its own) or set TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS."
        ) from error
    return Topic(config.topic, topic_id, config.log_id, oldest)


def look(admin: AdminClient, name: str, timeout: float) -> tuple[str, list[int]]:
    """Give a topic's id (empty where the broker is too old to tell) and its partitions.

    Raises:
        SourceError: the topic is not there.
        KafkaException: no broker answers within `timeout` seconds.
    """
    # Not by `list_topics`: asked by an admin client, it makes the topic where brokers may do so.
    answer = admin.describe_topics(TopicCollection([name]), request_timeout=timeout)[name]
    try:
        topic = answer.result(timeout + 1)
    except KafkaException as error:
        if error.args[0].code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED):
            raise SourceError(f"topic {name}: {error.args[0].str()}; create it first") from error
        raise
    return str(topic.topic_id or ""), sorted(partition.id for partition in topic.partitions)


def listed_ends(admin: AdminClient, name: str, partitions: Iterable[int], timeout: float) -> dict[int, int]:
    """Give where the logs of partitions end: the offset that the next record will have.

    Raises:
        KafkaException: no broker answers within `timeout` seconds.
    """
    wanted = {TopicPartition(name, partition): OffsetSpec.latest() for partition in partitions}  # type: ignore[no-untyped-call]
    answers = admin.list_offsets(wanted, request_timeout=timeout) if wanted else {}
    return {place.partition: int(answer.result(timeout + 1).offset) for place, answer in answers.items()}


def own_partitions(config: TopicConfig, partitions: Iterable[int]) -> list[int]:
    """Pick the partitions that this shard reads."""
    return sorted(p for p in partitions if p % config.shards == config.shard)


class TopicWatch:
    """Looks at the topic, in a thread and with a client of its own: the reader never waits for a look, nor a look for it.

    Attributes:
        added: partitions of this shard that are not read yet.
        id: of the topic as it was last seen.
    """

    def __init__(
        self,
        config: TopicConfig,
        topic: Topic,
        known: Callable[[], Iterable[int]],
        on_ends: Callable[[dict[int, int]], None],
    ) -> None:
        """Begin to watch; `known` gives the partitions that are read already, `on_ends` is told where their logs end."""
        self.added: set[int] = set()
        self.id = topic.id
        self._admin = AdminClient(client_settings(config))
        self._config, self._known, self._on_ends = config, known, on_ends
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="topic", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        looked = time.monotonic()
        while not self._over.wait(ENDS_SECONDS):
            try:
                if time.monotonic() - looked >= WATCH_SECONDS:
                    looked = time.monotonic()
                    self._look()
                self._on_ends(listed_ends(self._admin, self._config.topic, self._known(), LOOK_TIMEOUT))
            except (KafkaException, SourceError) as error:
                # A broker that is away is the reader's to tell of. A client may keep what it once learnt of a topic for
                # minutes, leaders that are none and partitions that were too few: a new one asks anew.
                log.debug("the topic cannot be looked at", error=str(error))
                self._admin = AdminClient(client_settings(self._config))

    def _look(self) -> None:
        topic_id, partitions = look(self._admin, self._config.topic, LOOK_TIMEOUT)
        self.id = topic_id or self.id
        self.added = set(own_partitions(self._config, partitions)) - set(self._known())


def client_settings(config: TopicConfig) -> dict[str, Any]:
    """Give the settings that every client of this reader has in common."""
    return {"bootstrap.servers": config.bootstrap_servers, "log_level": 0, **dict(config.client)}


def _oldest(consumer: Consumer, name: str, partition: int) -> int:
    place, deadline = TopicPartition(name, partition), time.monotonic() + BROKER_TIMEOUT
    while True:
        try:
            low, _ = consumer.get_watermark_offsets(place, timeout=BROKER_TIMEOUT)
        except KafkaException as error:
            if error.args[0].code() not in _NOT_YET or time.monotonic() > deadline:
                raise
            time.sleep(_ASK_AGAIN_SECONDS)
        else:
            return int(low)
