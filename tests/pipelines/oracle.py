"""An independent recount: from the records of each partition, in plain Python, to the rows that every table must hold.

It follows the words of section 3 of the design and shares no code with `pipelines`: one event at a time, dicts, exact
fractions. What it knows of bad records is as much as `tests.pipelines.streams` makes.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000
GENERATIONS = 5
GAMMA = Fraction(101, 99)
SMALLEST = 1e-6

Row = dict[str, Any]
"""A row of a table, by column; times are datetimes in UTC, a sketch is a dict."""


@dataclass(frozen=True, slots=True)
class Record:
    """A Kafka record; its time is in ms since 1970."""

    partition: int
    offset: int
    time: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Rules:
    """How times are judged, in ms, and how many offsets make a late block."""

    lateness: int = 300_000
    max_ahead: int = 300_000
    max_age: int = 400 * DAY
    horizon: int = 900_000
    block: int = 65_536


@dataclass(frozen=True, slots=True)
class Event:
    """A record that is an event."""

    name: str
    time: int
    envelope: Mapping[str, Any]

    @property
    def context(self) -> Mapping[str, Any]:
        return self.envelope.get("context") or {}

    @property
    def properties(self) -> Mapping[str, Any]:
        return self.envelope.get("properties") or {}


@dataclass(slots=True)
class PartitionRecount:
    """What one partition remembers while its events are judged."""

    rules: Rules
    watermark: int | None = None
    last_seen: dict[str, int] = field(default_factory=dict)

    def verdict(self, event: Event, record_time: int) -> str:
        """Say `counted`, `late`, `duplicate`, or why it is rejected."""
        if event.time > record_time + self.rules.max_ahead:
            return "time_in_future"
        if event.time < record_time - self.rules.max_age:
            return "too_old"
        before = self.watermark
        self.watermark = event.time if before is None else max(before, event.time)
        generation = self.watermark // (self.rules.horizon // GENERATIONS)
        last = self.last_seen.get(event.envelope["messageId"])
        self.last_seen[event.envelope["messageId"]] = generation
        if last is not None and last >= generation - GENERATIONS:
            return "duplicate"
        return "late" if before is not None and event.time < before - self.rules.lateness else "counted"


def recount(records: Iterable[Record], rules: Rules) -> dict[str, list[Row]]:
    """Return the rows of every table of the spine; records of a partition are given in their order."""
    tables: dict[str, dict[Any, Row]] = {
        name: {} for name in ("operations_rows", "errors_rows", "ledger_rows", "events_rows", "rejected_events_rows")
    }
    partitions: dict[int, PartitionRecount] = {}
    for record in records:
        state = partitions.setdefault(record.partition, PartitionRecount(rules))
        read = read_event(record.value)
        verdict = read if isinstance(read, str) else state.verdict(read, record.time)
        if isinstance(read, Event) and verdict in ("counted", "late"):
            block = record.offset // rules.block + 1 if verdict == "late" else 0
            _count_operation(tables["operations_rows"], read, record.partition, block)
            _count_error(tables["errors_rows"], read, record.partition, block)
            tables["events_rows"][record] = _archived(read, record, late=verdict == "late")
        elif verdict != "duplicate":
            tables["rejected_events_rows"][record] = _rejected(record, verdict)
        _enter(tables["ledger_rows"], record, verdict, rules.block)
    return {name: list(rows.values()) for name, rows in tables.items()}


def read_event(value: bytes) -> Event | str:
    """Read a record, or give the reason why it is none."""
    try:
        envelope = json.loads(value.decode())
    except ValueError:
        return "not_json"
    if not isinstance(envelope, dict):
        return "not_an_object"
    for name in ("messageId", "timestamp"):
        if name not in envelope:
            return f"missing:{name}"
    if datetime.fromisoformat(envelope["timestamp"]).tzinfo is None:
        return "invalid:timestamp"
    if envelope["type"] == "track" and "event" not in envelope:
        return "missing:event"
    duration = (envelope.get("properties") or {}).get("duration_ms")
    if duration is not None and not 0 <= duration <= DAY:
        return "invalid:properties.duration_ms"
    return Event(envelope.get("event", "page.viewed"), _corrected_time(envelope), envelope)


def in_ms(text: str) -> int:
    """Read a time."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


@cache
def bucket(value: float) -> int:
    """Give the bucket k of the sketch for which GAMMA^(k-1) < value <= GAMMA^k, in exact arithmetic."""
    if value < SMALLEST:
        return -32_768
    key = math.floor(math.log(value) / math.log(GAMMA)) - 1
    while GAMMA**key < Fraction(value):
        key += 1
    return key


def _corrected_time(envelope: Mapping[str, Any]) -> int:
    time = in_ms(envelope["timestamp"])
    if envelope.get("sentAt") and envelope.get("receivedAt"):
        return in_ms(envelope["receivedAt"]) - (in_ms(envelope["sentAt"]) - time)
    return time


def _moment(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def _dimensions(event: Event) -> Row:
    return {name: event.context.get(name) or "" for name in ("service", "source", "release", "environment")}


def _row(table: dict[Any, Row], key: Row, start: Row) -> Row:
    return table.setdefault(tuple(key.values()), {**key, **start})


def _count_operation(table: dict[Any, Row], event: Event, partition: int, block: int) -> None:
    key = {
        "window_start": _moment(event.time // 10_000 * 10_000),
        "event": event.name,
        **_dimensions(event),
        "partition": partition,
        "late_block": block,
    }
    start = dict.fromkeys(("count", "outcomes", "errors", "duration_count", "duration_sum_ns", "version"), 0)
    row = _row(table, key, {**start, "duration_max_ms": None, "duration_sketch": {}})
    row["count"] += 1
    row["version"] += 1
    outcome, duration = event.properties.get("outcome"), event.properties.get("duration_ms")
    row["outcomes"] += outcome is not None
    row["errors"] += outcome == "error"
    if duration is not None:
        row["duration_count"] += 1
        row["duration_sum_ns"] += math.floor(Fraction(duration) * 1_000_000 + Fraction(1, 2))
        row["duration_max_ms"] = max(row["duration_max_ms"] or 0.0, duration)
        sketch = row["duration_sketch"]
        sketch[bucket(duration)] = sketch.get(bucket(duration), 0) + 1


def _count_error(table: dict[Any, Row], event: Event, partition: int, block: int) -> None:
    if event.name not in ("error.raised", "error.recovered"):
        return
    key = {
        "window_start": _moment(event.time // 10_000 * 10_000),
        "event": event.name,
        "kind": event.properties["kind"],
        "code": event.properties.get("code") or "",
        **_dimensions(event),
        "partition": partition,
        "late_block": block,
    }
    row = _row(table, key, dict.fromkeys(("count", "handled", "version"), 0))
    row["count"] += 1
    row["version"] += 1
    row["handled"] += event.properties.get("handled") is True


def _enter(table: dict[Any, Row], record: Record, verdict: str, block_size: int) -> None:
    key = {
        "window_start": _moment(record.time // 60_000 * 60_000),
        "partition": record.partition,
        "late_block": record.offset // block_size + 1,
    }
    columns = ("counted", "duplicate", "late", "rejected")
    row = _row(table, key, dict.fromkeys(("received", *columns, "version"), 0))
    row["received"] += 1
    row["version"] += 1
    row[verdict if verdict in columns else "rejected"] += 1


def _archived(event: Event, record: Record, *, late: bool) -> Row:
    envelope, context, properties = event.envelope, event.context, event.properties
    return {
        "time": _moment(event.time),
        "received_at": _moment(record.time),
        "event": event.name,
        "message_id": envelope["messageId"],
        "user_id": envelope.get("userId") or "",
        "anonymous_id": envelope.get("anonymousId") or "",
        "session_id": context.get("sessionId") or "",
        "tenant_id": context.get("tenantId") or "",
        **_dimensions(event),
        "duration_ms": properties.get("duration_ms"),
        "outcome": properties.get("outcome") or "",
        "properties": properties,
        "late": late,
        "partition": record.partition,
        "offset": record.offset,
    }


def _rejected(record: Record, reason: str) -> Row:
    return {
        "received_at": _moment(record.time),
        "partition": record.partition,
        "offset": record.offset,
        "reason": reason,
        "payload": record.value,
    }
