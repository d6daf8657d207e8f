"""Pseudonyms: whoever reads the tables can tell persons apart, and only who holds the key can tell who they are.

A pseudonym is the first half of HMAC-SHA-256 (RFC 2104) of an id, in hexadecimal: 32 characters, the same for the same id and
key wherever it stands, so that tables can be joined. Ids are replaced between the verdict and the rollups: what becomes
of an event does not depend on the key, and nothing behind the rollups has ever seen an id.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import compress
from operator import or_
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.columns import Column, Texts, coded
from pipelines.events import Events
from schemas.persons import ENVELOPE_IDS, MEMBERS, free_properties, person_properties

KEY_BYTES = 32
"""A key is at least so long."""
REMEMBERED = 1 << 16
"""Ids whose pseudonyms are kept at hand; about 20 MB."""
ESCAPE = "\\"
BLOCK = 64
"""Bytes that SHA-256 takes at a time; HMAC fills the key up to it."""

MEMBER = re.compile(
    rb'"(?:' + "|".join(MEMBERS).encode() + rb')"\s*:\s*(?:"(?P<text>(?:[^"\\]|\\.)*)|(?P<number>-?\d+))', re.DOTALL
)
"""A member that names a person, in bytes that may be cut off or no JSON at all."""


Changed = dict[str, str]
"""Properties of one event that must change: name -> new text."""


class PlainIds:
    """Keeps ids as they are, for tests and for data that is about nobody."""

    fingerprint = "plain"
    """Tells keys apart, without telling anything else about them."""

    def of(self, identifier: str) -> str:
        """Give what is stored for an id."""
        return identifier

    def hide(self, events: Events) -> Events:
        """Give events in which no id of a person is left."""
        return events

    def named_in(self, payload: bytes) -> list[str]:
        """Give what is stored for the persons that a rejected record names, however broken it is."""
        texts = {match["number"] or _unescaped(match["text"]) for match in MEMBER.finditer(payload)}
        return sorted({self.of(text.decode(errors="replace")) for text in texts if text})


class Pseudonyms(PlainIds):
    """Replaces the ids of persons by pseudonyms."""

    def __init__(self, key: bytes) -> None:
        """Take a key.

        Raises:
            ValueError: the key is shorter than KEY_BYTES.
        """
        if len(key) < KEY_BYTES:
            raise ValueError(f"a key has at least {KEY_BYTES} bytes, this one has {len(key)}")
        self.fingerprint = hashlib.sha256(key).hexdigest()[:8]
        self._known = _Known(_hmac(key))

    def of(self, identifier: str) -> str:
        """Give the pseudonym of an id; nobody ('') stays nobody."""
        return self._known[identifier]

    def hide(self, events: Events) -> Events:
        """Replace ids in the columns of the envelope, in typed properties and in the JSON text of the properties."""
        if not len(events):
            return events
        columns = {**events.columns, **{name: self._column(events.columns[name]) for name in ENVELOPE_IDS}}
        changes = self._changes(events)
        if not changes:
            return Events(columns, events.properties)
        properties = list(events.properties)
        for row, changed in changes.items():
            properties[row] = msgspec.structs.replace(properties[row], **changed)
        columns["properties"] = _rewritten(_array(events.columns["properties"]), changes)
        return Events(columns, properties)

    def _column(self, ids: Column) -> Texts:
        """Replace the ids of a column, each distinct one once."""
        encoded = _array(ids).dictionary_encode()
        pseudonyms = pa.array(map(self._known.__getitem__, encoded.dictionary.to_pylist()), pa.string())
        return Texts(pseudonyms.take(encoded.indices))

    def _changes(self, events: Events) -> dict[int, Changed]:
        """Find the events whose properties must change, and how."""
        changes: dict[int, Changed] = {}
        names = coded(events.columns, "event")
        for code, event in enumerate(names.values):
            persons, free = person_properties(event), free_properties(event)
            if not persons and not free:
                continue
            rows = np.flatnonzero(names.codes == code)
            for row in rows.tolist() if persons else ():
                changes[row] = self._named(events.properties[row], persons)
            for row, ids in _own_ids(events, rows):
                if changed := self._mentioned(events.properties[row], free, ids):
                    changes[row] = {**changed, **changes.get(row, {})}
        return changes

    def _named(self, properties: Any, names: tuple[str, ...]) -> Changed:
        return {name: self.of(value) for name in names if (value := getattr(properties, name)) is not None}

    def _mentioned(self, properties: Any, names: tuple[str, ...], ids: tuple[str | None, ...]) -> Changed:
        """Find the event's own ids in free texts. A number is left alone: it may stand for anything."""
        changed: Changed = {}
        for name in names:
            text = getattr(properties, name)
            if text:
                for identifier in ids:
                    if identifier and identifier in text and not identifier.isdecimal():
                        changed[name] = text = _replaced(text, identifier, self.of(identifier))
        return changed


def _replaced(text: str, identifier: str, pseudonym: str) -> str:
    """Replace an id wherever it stands as a word of its own. No pattern: compiling one an id costs more than the search."""
    parts, done, start = list[str](), 0, 0
    while (at := text.find(identifier, start)) >= 0:
        end = at + len(identifier)
        if text[max(at - 1, 0) : at].isalnum() or text[end : end + 1].isalnum():
            start = at + 1
            continue
        parts += (text[done:at], pseudonym)
        done = start = end
    return "".join((*parts, text[done:]))


class _Known(dict[str, str]):
    """Pseudonyms by id, made when they are first asked for; all are forgotten when there are many."""

    def __init__(self, pseudonym: Callable[[str], str]) -> None:
        super().__init__({"": ""})
        self._pseudonym = pseudonym

    def __missing__(self, identifier: str) -> str:
        if len(self) > REMEMBERED:
            self.clear()
            self[""] = ""
        made = self[identifier] = self._pseudonym(identifier)
        return made


_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _hmac(key: bytes) -> Callable[[str], str]:
    # The states after the key's block are the same for every id: copying them takes half the time of a new HMAC.
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    begun_inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    begun_outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def pseudonym(identifier: str) -> str:
        inner, outer = begun_inner.copy(), begun_outer.copy()
        inner.update(identifier.encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:32]

    return pseudonym


def _own_ids(events: Events, rows: NDArray[np.intp]) -> Iterator[tuple[int, tuple[str | None, ...]]]:
    """Give each of these rows whose properties may mention an id of its envelope, with those ids."""
    chosen = pa.array(rows)
    texts = _array(events.columns["properties"]).take(chosen).to_pylist()
    columns = [_array(events.columns[name]).take(chosen).to_pylist() for name in ENVELOPE_IDS]
    # Where JSON escapes a character, an id may stand there in another spelling.
    likely = [ESCAPE in text for text in texts]
    for ids in columns:
        found = [identifier is not None and identifier in text for identifier, text in zip(ids, texts, strict=True)]
        likely = list(map(or_, likely, found))
    return compress(zip(rows.tolist(), zip(*columns, strict=True), strict=True), likely)


def _rewritten(texts: pa.StringArray, changes: dict[int, Changed]) -> Texts:
    """Write changed properties into their JSON texts."""
    rows = sorted(changes)
    replaced = pa.array([_json(texts[row].as_py(), changes[row]) for row in rows], pa.string())
    mask = np.zeros(len(texts), dtype=bool)
    mask[rows] = True
    return Texts(pc.replace_with_mask(texts, pa.array(mask), replaced))


def _json(text: str, changed: Changed) -> str:
    # Read member by member, so that the others keep their bytes; of one that occurs twice, only the last is left.
    members = _read_members(text) | {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in changed.items()}
    return msgspec.json.encode(members).decode()


def _array(column: Column) -> pa.StringArray:
    if not isinstance(column, Texts):
        raise TypeError("a column of ids or of JSON is text of many values")
    return column.array


def _unescaped(text: bytes) -> bytes:
    """Read the inside of a JSON text; what cannot be read names the person as it stands."""
    try:
        return msgspec.json.decode(b'"' + text + b'"', type=str).encode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return text
