"""Streams of records to try laws on: time jumps, late and early events, retries, bad records, several partitions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.pipelines.oracle import DAY, EPOCH, Record, in_ms

BASE = in_ms("2026-11-23T19:04:00.123Z")

Streams = Mapping[int, Sequence[Record]]
"""The records of each partition."""


@dataclass(frozen=True, slots=True)
class Item:
    """How the next record of a partition comes about.

    Attributes:
        advance: by how much the partition's clock moves on, ms.
        behind: how far the event lies behind that clock, ms; negative: ahead of it.
        message_id: its id; None gives it one of its own.
        template: what it is; bytes are taken as they are.
        gap: offsets that are skipped before it, as in a compacted topic.
    """

    advance: int
    behind: int
    message_id: str | None
    template: Mapping[str, Any] | bytes
    gap: int = 0


def _track(event: str, context: Any = None, **properties: Any) -> Mapping[str, Any]:
    return {"type": "track", "event": event, "context": context, "properties": properties}


WEB = {"service": "estimator-web", "source": "client", "release": "4.12.0", "environment": "production"}
API = {"service": "estimator-api", "source": "server", "tenantId": "acme", "sessionId": "s-9"}
GOOD: tuple[Mapping[str, Any], ...] = (
    _track("library.search", WEB, duration_ms=143.2, outcome="ok", query="beam"),
    _track("library.search", WEB, duration_ms=9.75, outcome="error"),
    _track("library.search", API, duration_ms=0, outcome="ok"),
    _track("error.raised", API, kind="validation", code="E-17", handled=True),
    _track("error.raised", API, kind="validation", handled=False, duration_ms=86_400_000.0),
    _track("error.recovered", WEB, kind="network", code="", duration_ms=0.000_000_4),
    _track("crane.rented", None, crane="c-1", outcome="ok"),
    {"type": "page", "userId": "u-17", "anonymousId": "a-3", "context": {"service": None}},
    _track("feature.used", WEB, feature="ünï'; DROP TABLE x"),
)
SKEWED: tuple[Mapping[str, Any], ...] = tuple(
    {**GOOD[0], "skew": skew, "userId": "u-skewed"} for skew in (3_600_000, -86_400_000)
)
"""Events of emitters whose clock is wrong, which sentAt and receivedAt tell."""
BAD: tuple[Mapping[str, Any] | bytes, ...] = (
    *(b"", b"{", b"[1,2]", b'{"type":"track"}', b"\xff\xfe"),
    _track("library.search", WEB, duration_ms=-1),
    {"type": "track", "properties": {}},
)

ADVANCES = (0, 0, 1, 1_500, 9_000, 70_000, 190_000, 400_000, 1_000_000)
BEHIND = (0, 0, 0, 0, 4_000, 60_000, 299_999, 300_000, 300_001, 900_000, -300_000, -300_001, 400 * DAY, 400 * DAY + 1)
SHIFTS = (0, 0, 45_000, 30 * DAY, -200 * DAY)
"""How far apart the clocks of partitions are."""


def items(ids: Sequence[str | None], templates: Sequence[Mapping[str, Any] | bytes]) -> SearchStrategy[Item]:
    """Draw how a record comes about."""
    return st.builds(
        Item,
        st.sampled_from(ADVANCES),
        st.sampled_from(BEHIND),
        st.sampled_from(ids),
        st.sampled_from(templates),
        st.sampled_from((0, 0, 0, 0, 2)),
    )


@st.composite
def streams(draw: st.DrawFn, *, retries: bool = True, bad: bool = True) -> Streams:
    """Draw one to three partitions; without `retries` every event has an id of its own."""
    ids = (*"abcdefgh", None) if retries else (None,)
    item = items(ids, (*GOOD * 3, *SKEWED, *(BAD if bad else ())))
    partitions = draw(st.lists(st.lists(item, min_size=5, max_size=40), min_size=1, max_size=3))
    shifts = draw(st.permutations(SHIFTS))
    return {
        number: records_of(number, BASE + shift, own)
        for number, (shift, own) in enumerate(zip(shifts, partitions, strict=False))
    }


def records_of(partition: int, clock: int, items: Sequence[Item]) -> list[Record]:
    """Make the records of a partition."""
    records: list[Record] = []
    offset = partition * 3
    for item in items:
        clock += item.advance
        offset += item.gap
        message_id = item.message_id or f"{partition}-{offset}"
        records.append(Record(partition, offset, clock, value_of(item.template, message_id, clock - item.behind)))
        offset += 1
    return records


def value_of(template: Mapping[str, Any] | bytes, message_id: str, time: int) -> bytes:
    """Write a record as `json.dumps` does. With `skew` the emitter's clock is so many ms off, as its times tell."""
    if isinstance(template, bytes):
        return template
    envelope = {name: value for name, value in template.items() if name != "skew"}
    envelope |= {"messageId": message_id, "timestamp": iso(time + template.get("skew", 0))}
    if "skew" in template:
        envelope |= {"sentAt": iso(time + template["skew"] + 700), "receivedAt": iso(time + 700)}
    return json.dumps(envelope).encode()


def iso(ms: int) -> str:
    """Write a time as emitters do."""
    return (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Plan = Sequence[tuple[int, int, int]]
"""How many records of each of three partitions a step reads; used over and over until all are read."""


def plans(largest: int = 12) -> SearchStrategy[Plan]:
    """Draw how a stream is cut into steps."""
    count = st.integers(0, largest)
    return st.lists(st.tuples(count, count, count), min_size=1, max_size=6)
