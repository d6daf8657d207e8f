"""What happens to a topic while it is read or while nobody reads it: things that only a real Kafka can do."""

from dataclasses import replace

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from pipelines.positions import Gap, SourceError
from pipelines.source import SourceConfig
from tests.pipelines.kafka import Told, fill, new_topic, offsets, read, read_until, reading, values
from tests.services import create_topic

pytestmark = pytest.mark.service


def test_records_that_expired_while_it_was_stopped_are_refused_by_name_and_accepted_as_a_gap(kafka: str) -> None:
    config = new_topic(kafka, 2)
    fill(config, range(100), 2)
    with reading(config) as partition:
        read(partition, 100)
        state = partition.snapshot()
    fill(config, range(100, 140), 2)
    _expire(config, 1, 65)
    with pytest.raises(SourceError) as caught, reading(config, state):
        pass
    assert f"15 records expired before they were read: {config.topic}[1] 50 to 64" in str(caught.value)
    told = Told()
    with reading(replace(config, accept_loss=True), state, told) as partition:
        assert offsets(read(partition, 25)) == {0: list(range(50, 70)), 1: list(range(65, 70))}
    assert told.gaps == [Gap(1, 50, 65)]
    assert told.failures == []


def test_records_that_expire_while_it_reads_stop_it(kafka: str) -> None:
    # A client that fetches as little ahead as it can, and records that come in small pieces.
    config = replace(new_topic(kafka, 1), client=(("queued.min.messages", 1), ("fetch.message.max.bytes", 100)))
    told = Told()
    for first in range(0, 50, 10):
        fill(config, range(first, first + 10), 1)
    with reading(replace(config, batch_size=10), told=told) as partition:
        read(partition, 10)
        _expire(config, 0, 48)
        with pytest.raises(StopIteration):
            read_until(partition, lambda batches: sum(map(len, batches)) >= 40)
    assert "is not in the log: it has expired" in str(told.failures[0])


def test_a_topic_deleted_and_made_anew_is_noticed_though_its_log_is_longer_than_the_old(kafka: str) -> None:
    config = new_topic(kafka, 1)
    fill(config, range(10), 1)
    with reading(config) as partition:
        read(partition, 10)
        state = partition.snapshot()
    _make_anew(config, 1)
    fill(config, range(1_000, 1_030), 1)
    with pytest.raises(SourceError, match=r"deleted and made anew.*--log-id"), reading(config, state):
        pass
    with reading(replace(config, log_id="2"), state) as partition:
        batches = read(partition, 30)
    assert values(batches) == {0: list(range(1_000, 1_030))}
    assert offsets(batches) == {0: list(range(10, 40))}


def test_a_topic_made_anew_while_it_is_read_stops_the_reading(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.topic.WATCH_SECONDS", 0.05)
    monkeypatch.setattr("pipelines.topic.ENDS_SECONDS", 0.05)
    config, told = new_topic(kafka, 1), Told()
    fill(config, range(10), 1)
    with reading(config, told=told) as partition:
        read(partition, 10)
        _make_anew(config, 1)
        with pytest.raises(StopIteration):
            read_until(partition, lambda batches: bool(batches))
    assert config.topic in str(told.failures[0])


def test_partitions_that_are_added_while_it_reads_are_taken_in(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.topic.WATCH_SECONDS", 0.05)
    monkeypatch.setattr("pipelines.topic.ENDS_SECONDS", 0.05)
    config = new_topic(kafka, 1)
    fill(config, range(10), 1)
    with reading(config) as partition:
        assert values(read(partition, 10)) == {0: list(range(10))}
        admin = _admin(config)
        admin.create_partitions([NewPartitions(config.topic, 3)])[config.topic].result(10)
        fill(config, range(10, 40), 3)
        batches = read(partition, 30)
        assert values(batches) == {p: [n for n in range(10, 40) if n % 3 == p] for p in range(3)}
        state = partition.snapshot()
    assert {p: position["next"] for p, position in state["positions"].items()} == {0: 20, 1: 10, 2: 10}


def _admin(config: SourceConfig) -> AdminClient:
    return AdminClient({"bootstrap.servers": config.bootstrap_servers, "log_level": 0})


def _expire(config: SourceConfig, partition: int, before: int) -> None:
    """Delete the records before an offset, as retention does."""
    where = TopicPartition(config.topic, partition, before)
    admin = _admin(config)  # held until the answer is there
    admin.delete_records([where])[where].result(10)


def _make_anew(config: SourceConfig, partitions: int) -> None:
    admin = _admin(config)
    admin.delete_topics([config.topic])[config.topic].result(10)
    create_topic(config.bootstrap_servers, config.topic, partitions)
