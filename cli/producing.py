"""The producer of the commands that send events, with everything that the settings say about Kafka."""

from cli.settings import Settings
from local.producer import EventProducer


def kafka_producer(settings: Settings) -> EventProducer:
    """Connect to the topic of events. Raises what `EventProducer` raises."""
    return EventProducer(settings.kafka_bootstrap_servers, settings.events_topic, client=settings.kafka_client())
