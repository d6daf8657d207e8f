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
    for member in MEMBERS:
        name = b'"' + member.encode() + b'"'
        at = payload.find(name)
        while at >= 0:
            rest = payload[at + len(name) :].lstrip(SPACES)
            if rest.startswith(b":"):
                yield _id_at(rest[1:].lstrip(SPACES))
            at = payload.find(name, at + len(name))


def _id_at(rest: bytes) -> bytes:
    if rest.startswith(b'"'):
        return _text_at(rest[1:])
    digits = rest[1:] if rest.startswith(b"-") else rest
    length = len(digits) - len(digits.lstrip(b"0123456789"))
    return rest[: len(rest) - len(digits) + length] if length else b""


def _text_at(rest: bytes) -> bytes:
    """Give the text up to its quote, or all of it where the quote is missing; unescaped where it can be."""
    end = 0
    while end < len(rest) and rest[end : end + 1] != b'"':
        if rest[end : end + 1] == b"\\" and end + 1 == len(rest):
            break
        end += 2 if rest[end : end + 1] == b"\\" else 1
    text = rest[:end]
    try:
        return str(json.loads(b'"' + text + b'"')).encode()
    except ValueError:
        return text
