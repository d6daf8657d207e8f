"""The local broker keeps what it is given, in order, and its topics are made once."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from local.broker import Broker, TopicMismatchError, answers, create_topics
from local.ports import PortTakenError

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("logs")) as running:
        yield running


def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    failed: list[object] = []
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in values:
        producer.produce(
            topic, value, partition=1, on_delivery=lambda error, _: failed.append(error) if error else None
        )
    assert producer.flush(20) == 0
    assert failed == []


def consume(bootstrap: str, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "test", "auto.offset.reset": "error", "enable.auto.commit": False}
    )
    consumer.assign([TopicPartition(topic, 1, 0)])
    values: list[bytes | None] = []
    while len(values) < count:
        for message in consumer.consume(count - len(values), 1.0):
            assert message.error() is None
            values.append(message.value())
    consumer.close()
    return values


def test_records_come_back_in_order(broker: Broker) -> None:
    create_topics(broker.bootstrap, {"ordered": 2})
    sent = [b"%d" % number for number in range(1000)]
    produce(broker.bootstrap, "ordered", sent)
    assert consume(broker.bootstrap, "ordered", 1000) == sent


def test_topics_are_made_once_and_keep_their_partitions(broker: Broker) -> None:
    create_topics(broker.bootstrap, {"one": 2})
    produce(broker.bootstrap, "one", [b"kept"])
    create_topics(broker.bootstrap, {"one": 2, "two": 1})
    assert consume(broker.bootstrap, "one", 1) == [b"kept"]
    with pytest.raises(TopicMismatchError, match="topic one has 2 partitions, not 3"):
        create_topics(broker.bootstrap, {"one": 3})


def test_a_taken_port_is_said_before_anything_is_started(broker: Broker, tmp_path: Path) -> None:
    with pytest.raises(PortTakenError) as caught, Broker(tmp_path, broker.port):
        pass
    assert f"port {broker.port} (Kafka broker) is taken by pid {broker.pid}" in str(caught.value)
    assert "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS=" in str(caught.value)
    assert not (tmp_path / "broker.log").exists()


def test_answers_tells_a_broker_from_silence_and_from_others(broker: Broker) -> None:
    assert answers(broker.bootstrap)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert not answers(f"127.0.0.1:{port}", 0.2)
    assert not answers(f"127.0.0.1:{port}", 0.2)


def test_it_ends_with_its_context(tmp_path: Path) -> None:
    with Broker(tmp_path) as short:
        pid = short.pid
        assert answers(short.bootstrap)
    assert not answers(short.bootstrap, 0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
