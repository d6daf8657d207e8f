"""How every candidate reads Kafka: with the same client settings, from the beginning, in a group of its own."""

from confluent_kafka import Consumer, Message, TopicPartition

from cli.settings import Settings

CLIENT: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    "auto.offset.reset": "error",
    "fetch.wait.max.ms": 50,
    "queued.min.messages": 100_000,
    "queued.max.messages.kbytes": 32_768,
}
"""As `pipelines/source.py` has them, so that no candidate wins by its fetch settings."""
MOST, WAIT_SECONDS = 10_000, 0.1
"""Messages asked for at once, and how long they are waited for."""


def consumer_at_the_beginning(config: Settings) -> Consumer:
    """Make a consumer that reads all partitions of the topic from offset 0."""
    client = {"bootstrap.servers": config.kafka_bootstrap_servers, "group.id": config.consumer_group}
    consumer = Consumer({**CLIENT, **client})
    topic = consumer.list_topics(config.events_topic, timeout=15).topics[config.events_topic]
    consumer.assign([TopicPartition(config.events_topic, partition, 0) for partition in topic.partitions])
    return consumer


def values_of(messages: list[Message]) -> list[bytes]:
    """Give the payloads. Raises RuntimeError where Kafka reported an error instead."""
    for message in messages:
        if (error := message.error()) is not None:
            raise RuntimeError(error.str())
    return [message.value() or b"" for message in messages]
