"""Looks at the topics of any Kafka, for the commands that only want to know."""

from collections.abc import Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

TIMEOUT_SECONDS = 5.0
NO_SETTINGS: Mapping[str, str] = {}


class BrokerProblemError(Exception):
    """No Kafka answers; the message says where and what to do."""


def topic_partitions(bootstrap: str, client: Mapping[str, str] = NO_SETTINGS) -> dict[str, int]:
    """Give the topics of a Kafka and how many partitions each has; `client` are further settings of the client (security).

    Raises:
        BrokerProblemError: none answers.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, **client})
    try:
        topics = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    except KafkaException as error:
        raise BrokerProblemError(
            f"no Kafka answers at {bootstrap} ({error.args[0].str()}). Start the local stack with `tidegauge up`, or set "
            "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS."
        ) from error
    return {name: len(topic.partitions) for name, topic in topics.items()}
