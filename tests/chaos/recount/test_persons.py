"""Ids are stored as the pipeline stores them: in columns, in free text, and for the persons whom broken records name."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.recount.persons import Persons
from chaos.recount.reading import Event, read_record
from chaos.recount.records import Rules
from pipelines.pseudonyms import PlainIds, Pseudonyms
from schemas.persons import MEMBERS

KEY = bytes(range(40))
LONG_KEY = bytes(range(100))


@pytest.mark.parametrize("key", [KEY, LONG_KEY], ids=["short key", "long key"])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_pseudonyms(key: bytes, identifier: str) -> None:
    assert Persons(key).stored(identifier) == Pseudonyms(key).of(identifier)
    assert Persons(None).stored(identifier) == identifier


NAMING = (
    b'{"userId":"u-17","user_id" : "u-18" ,"anonymousId":\n"a"',
    b'{"userId":17,"sessionId":-4,"subject_id":1.5,"anonymousId":x',
    b'{"userId":"cut of',
    b'{"userId":"cut of\\',
    b'{"userId":"\\u00fc \\"x\\" \\\\","sessionId":"\\x"',
    b'"userId" "u-1" "userId":null,"userId":"" "userId":"\xff"',
    b'"anonymousId":"anonymousId":"anonymous_id"',
    b'"userId" : x "sessionId" "userId":"userId"',
    b'{"properties":{"subject_id":"c-1","userID":"u-2"},"userId"',
)


@pytest.mark.parametrize("payload", NAMING)
def test_persons_whom_broken_records_name(payload: bytes) -> None:
    assert Persons(KEY).named_in(payload) == Pseudonyms(KEY).named_in(payload)
    assert Persons(None).named_in(payload) == PlainIds().named_in(payload)


def test_the_broken_records_of_the_test_name_somebody() -> None:
    named = [Persons(None).named_in(payload) for payload in NAMING]
    assert named[:4] == [["a", "u-17", "u-18"], ["-4", "1", "17"], ["cut of"], ["cut of"]]
    assert all(named)


PARTS = st.sampled_from(
    [f'"{member}"'.encode() for member in MEMBERS] + [b":", b" ", b'"', b"\\", b"u-1", b"17", b"-", b","]
)


@given(st.lists(PARTS, max_size=20).map(b"".join))
@settings(max_examples=1_000)
def test_persons_in_any_bytes(payload: bytes) -> None:
    assert Persons(None).named_in(payload) == PlainIds().named_in(payload)


def test_the_own_ids_of_an_event_in_its_free_texts() -> None:
    text = "u-1 xu-1 u-12 (u-1) a b-s 17 u-1"
    properties: dict[str, object] = {"kind": "comment", "text": text, "area": "u-1", "more": "u-1"}
    event = _event("feedback.submitted", properties, userId="u-1", anonymousId="a b", context={"sessionId": "17"})
    persons = Persons(KEY)
    hidden = persons.hidden(event)
    user, device = persons.stored("u-1"), persons.stored("a b")
    assert hidden.known["text"] == f"{user} xu-1 u-12 ({user}) {device}-s 17 {user}"
    assert hidden.properties == {**properties, "text": hidden.known["text"]}
    assert (hidden.user, hidden.device, hidden.session) == (user, device, persons.stored("17"))


def test_an_id_within_another_is_looked_for_after_it() -> None:
    event = _event("feedback.submitted", {"kind": "bug", "text": "u-1"}, userId="u-1", anonymousId="u", context=None)
    assert Persons(KEY).hidden(event).known["text"] == Persons(KEY).stored("u-1")


def _event(name: str, properties: dict[str, object], **envelope: object) -> Event:
    record = {"type": "track", "event": name, "messageId": "m", "timestamp": "2026-11-23T19:04:00.123Z", **envelope}
    event = read_record(json.dumps({**record, "properties": properties}).encode(), Rules())
    assert isinstance(event, Event)
    return event
