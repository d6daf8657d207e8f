"""Reads a record: an event, or why it is none.

What is written the usual way is read by plain checks against the catalog's fields. Whatever looks unusual in the least is
given to `schemas.reference`, the slow and certain judge of the catalog, which alone may reject. A test holds both to the same
answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from sys import intern
from typing import Any

from chaos.recount.json_values import read, read_any
from chaos.recount.records import Rules
from schemas.catalog import catalog_name, properties_model
from schemas.reference import Accepted, Rejection, judge
from schemas.shape import Shape, shapes

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
NAME_LENGTH = 128
"""Characters of a text of the envelope, at most."""
BRACKETS = 200
"""A record with more opening brackets than these may be too deep."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
IDS = ("userId", "anonymousId")
CONTEXT = ("sessionId", "tenantId", "source", "service", "release", "environment")
NO_PROPERTIES: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Event:
    """A good record. Unknown text is ''.

    Attributes:
        name: of the event.
        time: when it happened, corrected for the emitter's clock, ms since 1970, UTC.
        message_id: its id.
        user: the user's id.
        device: the anonymous id.
        session: the session's id.
        known: the properties that the catalog declares for it and that it carries; times in ms.
        properties: all that it carries.
    """

    name: str
    time: int
    message_id: str
    user: str
    device: str
    session: str
    tenant: str
    source: str
    service: str
    release: str
    environment: str
    known: Mapping[str, Any]
    properties: Mapping[str, Any]

    @property
    def unit(self) -> str:
        """Who did it: the user, or the device where the user is not known."""
        return self.user or self.device

    def text(self, name: str) -> str:
        """Give a declared property that is text."""
        return self.known.get(name) or ""


def read_record(value: bytes, rules: Rules) -> Event | Rejection:
    """Read a record's value."""
    return _usual(value, rules) or _judged(value, rules)


def _usual(value: bytes, rules: Rules) -> Event | None:
    """Read a record in which everything is as usual; None says that somebody else must judge."""
    if len(value) > rules.max_event_bytes or value.count(b"{") + value.count(b"[") > BRACKETS or b"\\u" in value:
        return None
    try:
        record = read(value.decode())
    except (ValueError, RecursionError):
        return None
    if type(record) is not dict or record.get("type") != "track":
        return None
    name, message_id, time = record.get("event"), record.get("messageId"), _time_of(record)
    context, properties = _object(record, "context"), _object(record, "properties")
    if not name or not message_id or time is None or context is None or properties is None:
        return None
    texts = [name, message_id, *map(record.get, IDS), *map(context.get, CONTEXT)]
    texts = ["" if text is None else text for text in texts]
    known = _known(name, properties) if all(map(_is_text, texts)) else None
    if known is None or (rules.catalog_strict and catalog_name(name) is None):
        return None
    # The same few texts stand in most events; interned, a million events share them.
    name, _, user, device, session, tenant, source, service, release, environment = map(intern, texts)
    return Event(
        *(name, time, message_id),
        *(user, device, session, tenant),
        *(source, service, release, environment),
        known=known,
        properties=properties,
    )


def _object(record: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Give an object of a record, empty where it has none; None where something else stands there."""
    value = record.get(name)
    if value is None:
        return {}
    return value if type(value) is dict else None


def _is_text(value: Any) -> bool:
    return type(value) is str and len(value) <= NAME_LENGTH


def _time_of(record: Mapping[str, Any]) -> int | None:
    """Give the corrected time; None where a time is missing or written in an unusual way."""
    time = _milliseconds(record.get("timestamp"))
    sent, received = record.get("sentAt"), record.get("receivedAt")
    if time is None or (sent is None and received is None):
        return time
    sent_ms, received_ms = _milliseconds(sent), _milliseconds(received)
    return None if sent_ms is None or received_ms is None else received_ms - (sent_ms - time)


def _milliseconds(text: Any) -> int | None:
    if type(text) is not str or not TIME.fullmatch(text):
        return None
    seconds = _seconds(text[:19])
    return None if seconds is None else seconds * 1000 + int(text[20:23])


@lru_cache(maxsize=100_000)
def _seconds(text: str) -> int | None:
    try:
        return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(seconds=1)
    except ValueError:
        return None


@lru_cache
def _fields(name: str) -> list[Shape]:
    return shapes(properties_model(name))


def _known(name: str, properties: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the declared properties, or None where one is not plainly right."""
    known = {}
    for field in _fields(name):
        value = properties.get(field.wire_name)
        if value is not None:
            if not _is_right(value, field):
                return None
            known[field.name] = value
        elif field.required:
            return None
    return known


def _is_right(value: Any, field: Shape) -> bool:
    if field.base is str:
        if field.choices:
            return value in field.choices
        return type(value) is str and (field.min_length or 0) <= len(value) <= (field.max_length or 0)
    if field.base is bool:
        return type(value) is bool
    if field.base in (int, float) and field.ge is not None and field.le is not None:
        return type(value) in (int, field.base) and field.ge <= value <= field.le
    return False


def _judged(value: bytes, rules: Rules) -> Event | Rejection:
    """Ask the reference."""
    verdict = judge(value, max_bytes=rules.max_event_bytes, strict_catalog=rules.catalog_strict)
    return verdict if isinstance(verdict, Rejection) else _accepted(verdict)


def _accepted(verdict: Accepted) -> Event:
    call, context = verdict.envelope, verdict.envelope.context
    time = _ms(call.timestamp)
    if call.sent_at is not None and call.received_at is not None:
        time = _ms(call.received_at) - (_ms(call.sent_at) - time)
    told = verdict.properties.model_dump(exclude_none=True)
    return Event(
        name=verdict.event,
        time=time,
        message_id=call.message_id,
        user=call.user_id or "",
        device=call.anonymous_id or "",
        session=(context and context.session_id) or "",
        tenant=(context and context.tenant_id) or "",
        source=(context and context.source) or "",
        service=(context and context.service) or "",
        release=(context and context.release) or "",
        environment=(context and context.environment) or "",
        known={name: _ms(own) if isinstance(own, datetime) else own for name, own in told.items()},
        properties=read_any(verdict.canonical.decode()).get("properties") or NO_PROPERTIES,
    )


def _ms(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND
