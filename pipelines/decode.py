"""Bytes in, columns and rejects out: the one seam behind which records are parsed.

Decoding is narrow (only the fields that are known) and isolates: what does not fit is judged alone, by the slow and
obvious `schemas.reference`, which also names the reason. Everything after this file is columnar.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.columns import Coded, Column, Texts, numbers
from schemas import narrow, reference, screen
from schemas.catalog import catalog_name
from schemas.reference import Rejection

PIECE = 2_000
"""Records that are parsed before they are turned into columns."""

CODED = ("event", "source", "service", "release", "environment", "tenant_id", "outcome")
"""Columns of few distinct texts."""
TEXTS = ("message_id", "user_id", "anonymous_id", "session_id", "properties")
"""Columns of many distinct texts."""

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
        self._properties = _Decoders(strict=catalog_strict)

    def decode(self, values: Sequence[bytes]) -> Decoded:
        """Decode records; one that does not fit costs its neighbours nothing."""
        pieces: list[dict[str, pa.Array]] = []
        rows: list[int] = []
        properties: list[Struct] = []
        rejects: list[tuple[int, Rejection]] = []
        # Turned into columns piece by piece, while a piece's objects are still in the processor's cache.
        for start in range(0, max(len(values), 1), PIECE):
            parsed, bad = self._parse(values[start : start + PIECE])
            rows += [start + row for row in parsed.rows]
            rejects += [(start + row, rejection) for row, rejection in bad]
            pieces.append(_arrays(parsed))
            properties += parsed.properties
        if len(rows) + len(rejects) != len(values):
            raise AssertionError(f"{len(values)} records in, {len(rows)} events, {len(rejects)} rejects out")
        arrays = {name: pa.concat_arrays([piece[name] for piece in pieces]) for name in pieces[0]}
        return _decoded(np.array(rows, dtype=np.intp), arrays, properties, rejects)

    def _parse(self, values: Sequence[bytes]) -> tuple["_Parsed", list[tuple[int, Rejection]]]:
        parsed = _Parsed()
        rejects: list[tuple[int, Rejection]] = []
        suspects = set(screen.suspects(values, max_bytes=self._max_bytes))
        # The only loop over events: each statement in it costs every event some ten nanoseconds.
        read_envelope, read_properties = self._envelope, self._properties
        rows, envelopes, properties = parsed.rows.append, parsed.envelopes.append, parsed.properties.append
        for row, raw in enumerate(values):
            if row in suspects:
                self._judge_alone(row, raw, parsed, rejects)
                continue
            try:
                envelope = read_envelope(raw)
                own = read_properties[envelope.event](envelope.properties)
            except ODD:
                self._judge_alone(row, raw, parsed, rejects)
                continue
            rows(row)
            envelopes(envelope)
            properties(own)
        return parsed, rejects

    def _judge_alone(self, row: int, raw: bytes, parsed: "_Parsed", rejects: list[tuple[int, Rejection]]) -> None:
        """Ask the reference about a record that the fast path refuses or must not judge."""
        verdict = reference.judge(raw, max_bytes=self._max_bytes, strict_catalog=self._strict)
        if isinstance(verdict, Rejection):
            rejects.append((row, verdict))
            return
        envelope = self._envelope(verdict.canonical)
        parsed.rows.append(row)
        parsed.envelopes.append(envelope)
        parsed.properties.append(self._properties[envelope.event](envelope.properties))


class _Decoders(dict[str, Callable[[msgspec.Raw], Struct]]):
    """Decoder of the properties of each event; a name outside the catalog has the base properties.

    Under a strict catalog it is a KeyError instead, which makes the reference name it.
    """

    def __init__(self, *, strict: bool) -> None:
        super().__init__({name: msgspec.json.Decoder(s).decode for name, s in narrow.PROPERTIES.items()})
        self._base = msgspec.json.Decoder(narrow.BASE_PROPERTIES).decode
        self._strict = strict

    def __missing__(self, event: str) -> Callable[[msgspec.Raw], Struct]:
        # Names are not remembered: an emitter may make up any number of them.
        name = catalog_name(event)
        if name is None and self._strict:
            raise KeyError(event)
        return self._base if name is None else self[name]


ODD = (KeyError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The good records of a micro-batch, as narrow structs, row by row."""

    rows: list[int] = field(default_factory=list)
    envelopes: list[Struct] = field(default_factory=list)
    properties: list[Struct] = field(default_factory=list)


def _decoded(
    rows: NDArray[np.intp],
    arrays: dict[str, pa.Array],
    properties: list[Struct],
    rejects: list[tuple[int, Rejection]],
) -> Decoded:
    times = arrays["time"].to_numpy()
    columns: dict[str, Column] = {name: Coded.from_arrow(arrays[name]) for name in CODED}
    columns |= {name: Texts(arrays[name]) for name in TEXTS}
    columns["duration_ms"] = arrays["duration_ms"].to_numpy()
    columns["time"] = times
    return Decoded(rows, times, columns, properties, rejects)


def _arrays(parsed: _Parsed) -> dict[str, pa.Array]:
    """Turn parsed records into columns: times in ms, durations with NaN for unknown, texts with null for unknown."""
    envelopes, properties = parsed.envelopes, parsed.properties
    contexts = [envelope.context for envelope in envelopes]
    text = pa.string()
    return {
        "event": pa.array([envelope.event for envelope in envelopes], text),
        "message_id": pa.array([envelope.message_id for envelope in envelopes], text),
        "user_id": pa.array([envelope.user_id for envelope in envelopes], text),
        "anonymous_id": pa.array([envelope.anonymous_id for envelope in envelopes], text),
        "source": pa.array([context.source for context in contexts], text),
        "service": pa.array([context.service for context in contexts], text),
        "release": pa.array([context.release for context in contexts], text),
        "environment": pa.array([context.environment for context in contexts], text),
        "session_id": pa.array([context.session_id for context in contexts], text),
        "tenant_id": pa.array([context.tenant_id for context in contexts], text),
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
    times = _milliseconds([envelope.timestamp for envelope in envelopes])
    both = [
        row
        for row, envelope in enumerate(envelopes)
        if envelope.sent_at is not None and envelope.received_at is not None
    ]
    if both:
        sent = _milliseconds([envelopes[row].sent_at for row in both])
        received = _milliseconds([envelopes[row].received_at for row in both])
        times[both] += received - sent
    return times


def _milliseconds(moments: list[datetime]) -> NDArray[np.int64]:
    microseconds: NDArray[np.int64] = pa.array(moments, pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    return microseconds // 1000
