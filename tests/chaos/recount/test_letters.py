"""The dead-letter topic is held to the rejected records, as the sink fills it and a consumer reads it."""

import threading
from collections.abc import Iterator
from itertools import count
from typing import cast

import pytest
from confluent_kafka import Consumer, TopicPartition

from chaos.recount.letters import Letter, LetterBox
from chaos.recount.records import Rules
from chaos.recount.recount import Reject, recount
from chaos.recount.report import Compared
from pipelines.dead_letters import DeadLetter
from sinks.dead_letter import LARGEST_PAYLOAD, DeadLetterTopic
from tests.chaos.recount.simulated import simulated
from tests.services import create_topic

REJECTS = [
    Reject((0, 3), "not_json", "why", b""),
    Reject((0, 4), "too_large", "why", b"x" * (LARGEST_PAYLOAD + 1)),
    Reject((7, 4), "too_old", "why", b"\xff{"),
]


def letter_of(reject: Reject) -> Letter:
    payload = reject.payload if len(reject.payload) <= LARGEST_PAYLOAD else None
    key = f"{reject.place[0]}:{reject.place[1]}".encode()
    return Letter(key, payload, [("reason", reject.reason.encode()), ("detail", reject.detail.encode())])


LETTERS = [letter_of(reject) for reject in REJECTS]


def compared(letters: list[Letter], rejects: list[Reject] = REJECTS) -> Compared:
    box = LetterBox(letters)
    box.compare(rejects)
    return box.report()


def test_letters_may_come_in_any_order_and_again() -> None:
    found = compared([*LETTERS[::-1], LETTERS[0]])
    assert found.is_equal
    assert (found.expected, found.found, found.allowed) == (3, 4, 1)


@pytest.mark.parametrize(
    ("kind", "letters"),
    [
        ("lost", LETTERS[1:]),
        ("extra", [*LETTERS, Letter(b"0:5", b"", LETTERS[0].headers)]),
        ("extra", [*LETTERS, Letter(None, b"", [])]),
        ("twice", [*LETTERS, Letter(LETTERS[2].key, b"else", LETTERS[2].headers)]),
        ("differing", [*LETTERS[:2], Letter(LETTERS[2].key, b"\xff", LETTERS[2].headers)]),
        ("differing", [*LETTERS[:2], Letter(LETTERS[2].key, LETTERS[2].value, LETTERS[2].headers[:1])]),
        ("differing", [Letter(LETTERS[0].key, b"", LETTERS[1].headers), *LETTERS[1:]]),
    ],
)
def test_what_is_wrong_is_reported(kind: str, letters: list[Letter]) -> None:
    found = compared(letters)
    assert {name: own.count for name, own in found.differences.items() if own.count} == {kind: 1}
    assert found.differences[kind].examples[0]


_numbers = count()


@pytest.mark.service
def test_what_the_sink_sends_is_what_the_recount_expects(broker: str) -> None:
    topic = f"recounted-letters-{next(_numbers)}"
    create_topic(broker, topic, 1)
    rejects = [
        reject for p, own in simulated(8, 6_000, 2).items() for reject in recount(p, own, Rules(), None).rejects
    ] + REJECTS[:2]
    sink = DeadLetterTopic({"bootstrap.servers": broker}, topic, threading.Event())
    sink.send([DeadLetter(*reject.place, 0, reject.reason, reject.detail, reject.payload) for reject in rejects])
    sink.close()
    found = compared(list(_letters(broker, topic)), rejects)
    assert found.is_equal
    assert found.expected == found.found > 20


def _letters(broker: str, topic: str) -> Iterator[Letter]:
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "recount", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    while (message := consumer.poll(30)) is not None and message.error() is None:
        headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
        yield Letter(message.key(), message.value(), headers)
    consumer.close()
