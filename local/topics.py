"""Looks at the topics of any Kafka, and creates those that are missing."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

TIMEOUT_SECONDS = 5.0
CREATE_SECONDS = 10.0
NO_SETTINGS: Mapping[str, str] = {}


class BrokerProblemError(Exception):
    """No Kafka answers; the message says where and what to do."""


class TopicMismatchError(RuntimeError):
    """A topic exists with another number of partitions; the text says what to do."""


def topic_partitions(bootstrap: str, client: Mapping[str, str] = NO_SETTINGS) -> dict[str, int]:
    """Give the topics of a Kafka and how many partitions each has; `client` are further settings of the client (security).

    Raises:
        BrokerProblemError: none answers.
    """
    complaints: list[str] = []
    admin = _admin(bootstrap, client, lambda error: complaints.append(error.str()))
    try:
        topics = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    except KafkaException as error:
        admin.poll(0)
        # A wrong password or certificate is said only here; the last word of the client is that it gave up.
        why = next((text for text in complaints if "brokers are down" not in text), error.args[0].str())
        raise BrokerProblemError(
            f"no Kafka answers at {bootstrap} ({why}). Start the local stack with `tidegauge up`, or set "
            "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS."
        ) from error
    return {name: len(topic.partitions) for name, topic in topics.items()}


def create_topics(
    bootstrap: str,
    partitions: Mapping[str, int],
    *,
    replicas: int = 1,
    topic_settings: Mapping[str, str] = NO_SETTINGS,
    client: Mapping[str, str] = NO_SETTINGS,
) -> list[str]:
    """Create the topics that are not there yet and name them.

    Args:
        bootstrap: Kafka brokers, host:port, comma-separated.
        partitions: how many each topic is to have.
        replicas: how many copies of each partition brokers keep.
        topic_settings: of a topic that is created.
        client: further settings of the Kafka client (security).

    Raises:
        BrokerProblemError: no Kafka answers.
        TopicMismatchError: a topic is there with another number of partitions.
        KafkaException: the broker refuses.
    """
    there = topic_partitions(bootstrap, client)
    for name in partitions.keys() & there.keys():
        if there[name] != partitions[name]:
            raise TopicMismatchError(
                f"topic {name} has {there[name]} partitions, not {partitions[name]}; "
                "events keep their order only while that number stays, so delete the topic or change the setting"
            )
    missing = [
        NewTopic(name, count, replicas, config=dict(topic_settings))
        for name, count in partitions.items()
        if name not in there
    ]
    if missing:
        # Held until the answers are there: a client that nobody holds takes its requests with it.
        admin = _admin(bootstrap, client)
        for future in admin.create_topics(missing, operation_timeout=CREATE_SECONDS).values():
            _wait(future)
    return [topic.topic for topic in missing]


def _wait(future: "Future[None]") -> None:
    try:
        future.result(CREATE_SECONDS)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # somebody else was faster
            raise


def _admin(
    bootstrap: str, client: Mapping[str, str], on_error: Callable[[KafkaError], None] = lambda error: None
) -> AdminClient:
    settings: dict[str, Any] = {"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": on_error, **client}
    return AdminClient(settings)
