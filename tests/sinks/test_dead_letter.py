"""What the topic of dead letters promises: the original bytes with the reason, and no letter lost while the broker refuses."""

import threading
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from local.ports import free_port
from pipelines.dead_letters import DeadLetter
from sinks.dead_letter import LARGEST_PAYLOAD, DeadLetterTopic
from tests.services import create_topic

pytestmark = pytest.mark.service

QUICK: dict[str, str | int] = {"message.timeout.ms": 300, "topic.metadata.propagation.max.ms": 100}
_numbers = count()


class Pauses(threading.Event):
    """Stands for the flag that asks to stop: waits between tries are noted and take no time."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []
        self.then: Callable[[int], object] = lambda number: None

    def wait(self, timeout: float | None = None) -> bool:
        """Note a pause; `then` happens in it."""
        self.taken.append(timeout or 0.0)
        self.then(len(self.taken))
        return self.is_set()


@pytest.fixture
def topic(broker: str) -> str:
    name = f"rejected-{next(_numbers)}"
    create_topic(broker, name, 1)
    return name


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


def letter(offset: int, payload: bytes = b"{") -> DeadLetter:
    return DeadLetter(3, offset, 0, "missing:messageId", f"no messageId — at {offset}", payload)


def arrived(broker: str, topic: str, number: int) -> list[Message]:
    """Read so many letters, and see that no more come."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "tests", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[Message] = []
    for message in _until_the_end(consumer):
        found.append(message)
    consumer.close()
    assert len(found) == number
    return found


def _until_the_end(consumer: Consumer) -> Iterator[Message]:
    for _ in range(2_000):
        message = consumer.poll(0.1)
        if message is not None and message.error():
            return
        if message is not None:
            yield message
    raise AssertionError("no end of the topic")


def test_a_letter_holds_the_bytes_where_they_came_from_and_why(broker: str, topic: str) -> None:
    payloads = [b'{"type":"track"}', b"", b"\xff\x00\xfe", b"x" * 40_000]
    letters = DeadLetterTopic({"bootstrap.servers": broker}, topic, threading.Event())
    letters.send([letter(number, payload) for number, payload in enumerate(payloads)])
    found = arrived(broker, topic, len(payloads))
    assert [message.value() or b"" for message in found] == payloads
    assert [message.key() for message in found] == [b"3:%d" % number for number in range(len(payloads))]
    for number, message in enumerate(found):
        assert message.headers() == [
            ("reason", b"missing:messageId"),
            ("detail", f"no messageId — at {number}".encode()),
        ]
    letters.close()


def test_a_payload_that_no_broker_takes_is_left_out_and_said_so(broker: str, topic: str) -> None:
    letters = DeadLetterTopic({"bootstrap.servers": broker}, topic, threading.Event())
    sizes = (LARGEST_PAYLOAD, LARGEST_PAYLOAD + 1, 5 * LARGEST_PAYLOAD)
    letters.send([letter(number, b"x" * size) for number, size in enumerate(sizes)])
    found = arrived(broker, topic, 3)
    assert [len(message.value() or b"") for message in found] == [LARGEST_PAYLOAD, 0, 0]
    told = [dict(message.headers() or []).get("payload") for message in found]
    assert told[0] is None
    assert all(text and b"rejected_events" in text for text in told[1:])
    letters.close()


def test_more_letters_than_the_client_holds_all_arrive(broker: str, topic: str) -> None:
    client: dict[str, str | int] = {"bootstrap.servers": broker, "queue.buffering.max.messages": 10}
    letters = DeadLetterTopic(client, topic, threading.Event())
    letters.send([letter(number) for number in range(500)])
    assert [message.key() for message in arrived(broker, topic, 500)] == [b"3:%d" % n for n in range(500)]
    letters.close()


def test_while_the_broker_refuses_it_waits_and_then_every_letter_arrives_once(broker: str, pauses: Pauses) -> None:
    """The topic is missing, as on a broker that makes none by itself, until somebody makes it."""
    name = f"made-later-{next(_numbers)}"
    client = {"bootstrap.servers": broker, "allow.auto.create.topics": "false", **QUICK}
    letters = DeadLetterTopic(client, name, pauses)
    pauses.then = lambda number: create_topic(broker, name, 1) if number == 4 else None
    letters.send([letter(number) for number in range(3)])
    assert pauses.taken[:4] == [0.5, 1.0, 2.0, 4.0]
    assert sorted(message.key() or b"" for message in arrived(broker, name, 3)) == [b"3:0", b"3:1", b"3:2"]
    letters.close()


def test_a_stop_while_the_broker_refuses_gives_up(broker: str, pauses: Pauses) -> None:
    client = {"bootstrap.servers": broker, "allow.auto.create.topics": "false", **QUICK}
    letters = DeadLetterTopic(client, "never-made", pauses)
    pauses.then = lambda number: pauses.set() if number == 2 else None
    with pytest.raises(KafkaException, match="dead letters were not taken"):
        letters.send([letter(0)])
    assert len(pauses.taken) == 2
    letters.close()


@pytest.mark.parametrize("room", [100_000, 2])
def test_a_stop_while_no_broker_answers_gives_up(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message waits five minutes in the client, a stop must not; also where the client has no room for more."""
    monkeypatch.setattr("sinks.dead_letter.GRACE_SECONDS", 0.1)
    stopping = threading.Event()
    client: dict[str, str | int] = {
        "bootstrap.servers": f"127.0.0.1:{free_port()}",
        "queue.buffering.max.messages": room,
    }
    letters = DeadLetterTopic(client, "rejected", stopping)
    stopping.set()
    with pytest.raises(KafkaException, match="dead letters were not taken"):
        letters.send([letter(number) for number in range(5)])
    letters.close()


def test_a_stop_does_not_keep_a_broker_that_answers_from_taking_them(broker: str, topic: str) -> None:
    stopping = threading.Event()
    stopping.set()
    letters = DeadLetterTopic({"bootstrap.servers": broker}, topic, stopping)
    letters.send([letter(0), letter(1)])
    arrived(broker, topic, 2)
    letters.close()
