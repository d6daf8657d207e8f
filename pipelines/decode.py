"""Bytes in, columns and rejects out: the one seam behind which records are parsed.

Decoding is narrow (only the fields that are known) and isolates: what does not fit is judged alone, by the slow and
obvious `schemas.reference`, which also names the reason. Everything after this file is columnar.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import call
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.columns import Coded, Column, Texts, numbers
from pipelines.contexts import Contexts
from schemas import narrow, reference, screen
from schemas.catalog import catalog_name
from schemas.reference import Rejection

PIECE = 2_000
"""Records that are parsed before they are turned into columns."""

CODED = ("event", "outcome")
"""Columns of few distinct texts."""
TEXTS = ("message_id", "user_id", "anonymous_id", "properties")
"""Columns of many distinct texts. Those of the context come from `pipelines.contexts`."""

Struct = Any
"""A narrow struct, made at import from a model of the catalog."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What became of n records.

    Attributes:
        rows: shape (m,), which records are good events, ascending.
        times: shape (m,), corrected times of the good events, ms since 1970, UTC.
        columns: the good events: texts of the envelope, `time`, `duration_ms`, `outcome`, and `properties` as JSON text.
        properties: typed properties of each good event.
        rejects: the other records, by number, and why.
    """

    rows: NDArray[np.intp]
    times: NDArray[np.int64]
    columns: dict[str, Column]
    properties: list[Struct]
    rejects: list[tuple[int, Rejection]]

    @property
    def message_ids(self) -> list[str]:
        """The messageId of each good event."""
        column = self.columns["message_id"]
        ids: list[str] = column.array.to_pylist() if isinstance(column, Texts) else []
        return ids


class Decoder:
    """Decodes the records of a micro-batch."""

    def __init__(self, max_bytes: int, *, catalog_strict: bool = False) -> None:
        """Make a decoder.

        Args:
            max_bytes: a larger record is rejected unread.
            catalog_strict: reject event names that the catalog does not know.
        """
        self._max_bytes = max_bytes
        self._strict = catalog_strict
        self._envelope = msgspec.json.Decoder(narrow.ENVELOPE).decode
        self._contexts = Contexts()
        self._properties = _Decoders(strict=catalog_strict)

    def decode(self, values: Sequence[bytes]) -> Decoded:
        """Decode records; one that does not fit costs its neighbours nothing."""
        self._contexts.forget_many()
        pieces: list[dict[str, pa.Array]] = []
        rows: list[int] = []
        contexts: list[int] = []
        properties: list[Struct] = []
        rejects: list[tuple[int, Rejection]] = []
        # Turned into columns piece by piece, while a piece's objects are still in the processor's cache.
        for start in range(0, max(len(values), 1), PIECE):
            parsed, bad = self._parse(values[start : start + PIECE])
            rows += [start + row for row in parsed.rows]
            rejects += [(start + row, rejection) for row, rejection in bad]
            pieces.append(_arrays(parsed))
            contexts += parsed.contexts
            properties += parsed.properties
        if len(rows) + len(rejects) != len(values):
            raise AssertionError(f"{len(values)} records in, {len(rows)} events, {len(rejects)} rejects out")
        arrays = {name: pa.concat_arrays([piece[name] for piece in pieces]) for name in pieces[0]}
        told = self._contexts.columns(np.array(contexts, dtype=np.intp))
        return _decoded(np.array(rows, dtype=np.intp), arrays, told, properties, rejects)

    def _parse(self, values: Sequence[bytes]) -> tuple["_Parsed", list[tuple[int, Rejection]]]:
        """Read a piece in three passes, none of which runs a Python statement an event."""
        alone = screen.suspects(values, max_bytes=self._max_bytes)
        parsed = _Parsed(list(range(len(values))))
        parsed.drop(alone)
        parsed.envelopes, refused = _each(self._envelope, [values[row] for row in parsed.rows] if alone else values)
        alone += parsed.drop(refused)
        contexts = [bytes(envelope.context) for envelope in parsed.envelopes]
        parsed.contexts, refused = _each(self._contexts.__getitem__, contexts)
        alone += parsed.drop(refused)
        readers = [self._properties[envelope.event] for envelope in parsed.envelopes]
        parsed.properties, refused = _each(call, readers, [envelope.properties for envelope in parsed.envelopes])
        alone += parsed.drop(refused)
        judged = [(row, self._judge_alone(values[row], parsed, row)) for row in alone]
        if alone:
            parsed.sort()
        return parsed, [(row, rejection) for row, rejection in judged if rejection is not None]

    def _judge_alone(self, raw: bytes, parsed: "_Parsed", row: int) -> Rejection | None:
        """Ask the reference about a record that the fast path refuses or must not judge; a good one goes to `parsed`."""
        verdict = reference.judge(raw, max_bytes=self._max_bytes, strict_catalog=self._strict)
        if isinstance(verdict, Rejection):
            return verdict
        envelope = self._envelope(verdict.canonical)
        parsed.rows.append(row)
        parsed.envelopes.append(envelope)
        parsed.contexts.append(self._contexts[bytes(envelope.context)])
        parsed.properties.append(self._properties[envelope.event](envelope.properties))
        return None


ODD = (KeyError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def _each(read: Callable[..., Any], *columns: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Read every item; where one is refused there is None, and its place is in the second list.

    The loop over events is `map`'s: a Python loop costs every event some hundred nanoseconds.
    """
    found: list[Any] = []
    refused: list[int] = []
    left = [iter(column) for column in columns]
    while True:
        try:
            # What was read before an exception stays in the list, and the iterators stand behind the refused item.
            found.extend(map(read, *left))
        except ODD:
            refused.append(len(found))
            found.append(None)
        else:
            return found, refused


class _Decoders(dict[str, Callable[[msgspec.Raw], Struct]]):
    """Decoder of the properties of each event; a name outside the catalog has the base properties.

    Under a strict catalog it is refused instead, which makes the reference name it.
    """

    def __init__(self, *, strict: bool) -> None:
        super().__init__({name: msgspec.json.Decoder(s).decode for name, s in narrow.PROPERTIES.items()})
        self._other = _refuse if strict else msgspec.json.Decoder(narrow.BASE_PROPERTIES).decode

    def __missing__(self, event: str) -> Callable[[msgspec.Raw], Struct]:
        # Names are not remembered: an emitter may make up any number of them.
        name = catalog_name(event)
        return self._other if name is None else self[name]


def _refuse(properties: msgspec.Raw) -> Struct:
    raise KeyError("an event that the catalog does not know")


@dataclass(slots=True)
class _Parsed:
    """The good records of a piece: their numbers, narrow structs, numbers of contexts, and typed properties."""

    rows: list[int]
    envelopes: list[Struct] = field(default_factory=list)
    contexts: list[int] = field(default_factory=list)
    properties: list[Struct] = field(default_factory=list)

    def drop(self, places: list[int]) -> list[int]:
        """Take the records at these places (ascending) out of all lists that are filled; give their numbers."""
        gone = [self.rows[place] for place in places]
        for column in (self.rows, self.envelopes, self.contexts, self.properties):
            for place in reversed(places if column else ()):
                del column[place]
        return gone

    def sort(self) -> None:
        """Bring the records back into their order, after some were added at the end."""
        order = sorted(range(len(self.rows)), key=self.rows.__getitem__)
        for column in (self.rows, self.envelopes, self.contexts, self.properties):
            column[:] = [column[place] for place in order]


def _decoded(
    rows: NDArray[np.intp],
    arrays: dict[str, pa.Array],
    contexts: dict[str, Column],
    properties: list[Struct],
    rejects: list[tuple[int, Rejection]],
) -> Decoded:
    times = arrays["time"].to_numpy()
    columns: dict[str, Column] = {name: Coded.from_arrow(arrays[name]) for name in CODED}
    columns |= {name: Texts(arrays[name]) for name in TEXTS}
    columns["duration_ms"] = arrays["duration_ms"].to_numpy()
    columns["time"] = times
    return Decoded(rows, times, columns | contexts, properties, rejects)


def _arrays(parsed: _Parsed) -> dict[str, pa.Array]:
    """Turn parsed records into columns: times in ms, durations with NaN for unknown, texts with null for unknown."""
    envelopes, properties = parsed.envelopes, parsed.properties
    text = pa.string()
    return {
        "event": pa.array([envelope.event for envelope in envelopes], text),
        "message_id": pa.array([envelope.message_id for envelope in envelopes], text),
        "user_id": pa.array([envelope.user_id for envelope in envelopes], text),
        "anonymous_id": pa.array([envelope.anonymous_id for envelope in envelopes], text),
        "outcome": pa.array([own.outcome for own in properties], text),
        "duration_ms": pa.array(numbers([own.duration_ms for own in properties])),
        "properties": _json_texts([envelope.properties for envelope in envelopes]),
        "time": pa.array(_corrected_times(envelopes)),
    }


def _json_texts(raws: list[msgspec.Raw]) -> pa.StringArray:
    """Lay pieces of JSON (valid UTF-8: they were screened) end to end in one Arrow column."""
    ends = np.cumsum(np.fromiter(map(len, raws), dtype=np.int64, count=len(raws)))
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    return pa.StringArray.from_buffers(len(raws), pa.py_buffer(offsets), pa.py_buffer(b"".join(raws)))


def _corrected_times(envelopes: list[Struct]) -> NDArray[np.int64]:
    """Give the time of each event in ms, corrected for a wrong clock of its emitter where that is known.

    receivedAt - (sentAt - timestamp), after the Segment specification: what the emitter's clock says has passed between the
    event and its sending is right even where the clock is not.
    """
    times = _milliseconds([envelope.timestamp for envelope in envelopes])[0]
    sent, is_sent = _milliseconds([envelope.sent_at for envelope in envelopes])
    received, is_received = _milliseconds([envelope.received_at for envelope in envelopes])
    return np.where(is_sent & is_received, times + received - sent, times)


def _milliseconds(moments: list[datetime | None]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give moments in whole ms since 1970, 0 for None, and which are there."""
    microseconds = pa.array(moments, pa.timestamp("us", "UTC")).cast(pa.int64())
    there: NDArray[np.bool_] = microseconds.is_valid().to_numpy(zero_copy_only=False)
    whole: NDArray[np.int64] = microseconds.fill_null(0).to_numpy() // 1000
    return whole, there
