"""`tidegauge topics`: creates the topics in Kafka that the pipeline reads and writes."""

from typing import Annotated

import typer
from confluent_kafka import KafkaException

from cli.settings import settings
from cli.terminal import err, fail, out, told
from local.topics import BrokerProblemError, TopicMismatchError, create_topics, topic_partitions

REJECTED_PARTITIONS = 1
"""Dead letters are few, and nobody needs them faster."""


def topics(
    partitions: Annotated[
        int, typer.Option(min=1, help="Of the topic of events; at least as many as there will ever be shards.")
    ] = 8,
    replicas: Annotated[int, typer.Option(min=1, help="Copies of each partition; 3 where there are 3 brokers.")] = 1,
    retention_hours: Annotated[
        int, typer.Option(min=1, help="How long Kafka keeps events: the longest outage that loses none.")
    ] = 168,
) -> None:
    """Create the topics that are missing. Running it again changes nothing.

    The number of partitions is for good: events of one user keep their order only while it stays.

    Examples:

      tidegauge topics

      tidegauge topics --partitions 24 --replicas 3

    Exit codes: 0 the topics are there; 1 Kafka refused, or has one with another number of partitions.
    """
    config = settings()
    wanted = {config.events_topic: partitions, config.rejected_topic: REJECTED_PARTITIONS}
    kept = {
        "retention.ms": str(retention_hours * 3_600_000),
        # Of three copies one may be away while events are taken.
        "min.insync.replicas": str(max(replicas - 1, 1)),
    }
    with told():
        try:
            client = config.kafka_client()
            made = create_topics(
                config.kafka_bootstrap_servers, wanted, replicas=replicas, topic_settings=kept, client=client
            )
            there = topic_partitions(config.kafka_bootstrap_servers, client)
        except (BrokerProblemError, TopicMismatchError) as error:
            fail(str(error))
        except KafkaException as error:
            fail(f"Kafka refused: {error.args[0].str()}")
    for name in made:
        err.print(f"[green]created[/] {name}")
    out.print(", ".join(f"{name} has {there.get(name, count)} partitions" for name, count in wanted.items()))
