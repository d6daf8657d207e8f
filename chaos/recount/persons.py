"""Who is who in the tables: ids of persons as they are stored, in columns, in properties and in free text.

With a key an id is stored as the first half of its HMAC-SHA-256 in hexadecimal, without one as it is.
"""

import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from chaos.recount.reading import Event
from schemas.persons import MEMBERS, free_properties, person_properties

DIGITS = 32
"""Characters of a pseudonym."""
NAMES = tuple(b'"' + member.encode() + b'"' for member in MEMBERS)
SPACES = b" \t\n\r\v\f"


class Persons:
    """Stores ids under one key, or as they are."""

    def __init__(self, key: bytes | None) -> None:
        """Take the key; None: ids are stored as they are."""
        self._key = key
        self._stored = lru_cache(maxsize=200_000)(self._made)

    def stored(self, identifier: str) -> str:
        """Give what is stored for an id; nobody ('') stays nobody."""
        return self._stored(identifier)

    def hidden(self, event: Event) -> Event:
        """Give the event as it is stored."""
        if self._key is None:
            return event
        changed = self._changed(event)
        return replace(
            event,
            user=self.stored(event.user),
            device=self.stored(event.device),
            session=self.stored(event.session),
            known={**event.known, **changed} if changed else event.known,
            properties={**event.properties, **changed} if changed else event.properties,
        )

    def named_in(self, payload: bytes) -> list[str]:
        """Give what is stored for the persons that a rejected record names, however broken it is; in order, each once."""
        ids = {identifier.decode(errors="replace") for identifier in _ids_in(payload) if identifier}
        return sorted(map(self.stored, ids))

    def _made(self, identifier: str) -> str:
        if self._key is None or not identifier:
            return identifier
        return hmac.digest(self._key, identifier.encode(), "sha256").hex()[:DIGITS]

    def _changed(self, event: Event) -> dict[str, str]:
        """Give the properties that are stored otherwise than they came: those that name a person, or mention the event's own."""
        changed = {}
        for name in free_properties(event.name):
            text = told = event.text(name)
            for identifier in (event.user, event.device, event.session):
                if identifier and identifier in text and not identifier.isdecimal():
                    text = _without(text, identifier, self.stored(identifier))
            if text != told:
                changed[name] = text
        for name in person_properties(event.name):
            if name in event.known:
                changed[name] = self.stored(event.known[name])
        return changed


def _without(text: str, identifier: str, pseudonym: str) -> str:
    """Put the pseudonym where the id stands as a word of its own: between signs that are neither letters nor digits."""
    made, at = "", 0
    while at < len(text):
        end = at + len(identifier)
        stands_alone = not (text[:at][-1:].isalnum() or text[end : end + 1].isalnum())
        if text.startswith(identifier, at) and stands_alone:
            made, at = made + pseudonym, end
        else:
            made, at = made + text[at], at + 1
    return made


def _ids_in(payload: bytes) -> Iterator[bytes]:
    """Find what stands after the names of members that name a person: a text, perhaps cut off, or a whole number."""
    at = 0
    while found := _next_name(payload, at):
        at, value = found
        if payload[value : value + 1] == b'"':
            at = _end_of_text(payload, value + 1)
            yield _unescaped(payload[value + 1 : at])
        elif digits := _digits_at(payload, value):
            at = value + len(digits)
            yield digits


def _next_name(payload: bytes, at: int) -> tuple[int, int] | None:
    """Find the next name with its colon; gives where it ends, and where its value begins."""
    while found := [(place, name) for name in NAMES if (place := payload.find(name, at)) >= 0]:
        place, name = min(found)
        colon = _after_spaces(payload, place + len(name))
        if payload[colon : colon + 1] == b":":
            return colon + 1, _after_spaces(payload, colon + 1)
        at = place + 1
    return None


def _after_spaces(payload: bytes, at: int) -> int:
    return len(payload) - len(payload[at:].lstrip(SPACES))


def _digits_at(payload: bytes, at: int) -> bytes:
    """Give the whole number that stands here, empty where none does."""
    sign = payload[at : at + 1] == b"-"
    rest = payload[at + sign :]
    digits = rest[: len(rest) - len(rest.lstrip(b"0123456789"))]
    return payload[at : at + sign] + digits if digits else b""


def _end_of_text(payload: bytes, at: int) -> int:
    """Find the quote that ends a text; where there is none, the end of what can be of it."""
    while at < len(payload) and payload[at : at + 1] != b'"':
        escapes = payload[at : at + 1] == b"\\"
        if escapes and at + 1 == len(payload):
            break
        at += 1 + escapes
    return at


def _unescaped(text: bytes) -> bytes:
    """Read the escapes of a text; where that cannot be done, the text stands for itself."""
    try:
        return str(json.loads((b'"' + text + b'"').decode())).encode()
    except ValueError:
        return text
