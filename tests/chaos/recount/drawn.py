"""Streams of every event of the catalog, with odd values, broken records, retries and times out of order."""

from typing import Any

from hypothesis import strategies as st

from chaos.recount.records import Record
from tests.chaos.recount.shard import Streams
from tests.pipelines import streams
from tests.schemas.records import damaged_records, good_records, spoilt_records

STATEMENTS = (
    "SELECT id, name FROM items WHERE name ILIKE '%o''brien u-17%' AND price > 1.50 ORDER BY rank LIMIT 50",
    "SELECT id, name FROM items WHERE name ILIKE '' AND price > 2 ORDER BY rank LIMIT 5",
    "INSERT INTO items (id, name, note) VALUES (1, 'x', NULL), (-2, 'y', 'z')",
    "UPDATE items SET total = total + 1, closed_at = now() WHERE id IN (1, 2, 3)",
    "items",
    "",
)
GOALS = tuple(
    {"type": "track", "event": name, "userId": "u-17", "properties": properties}
    for name, properties in (
        ("goal.revenue", {"value": -2.5, "task": "none"}),
        ("goal.", {"duration_ms": 1}),
        ("goals.none", {"value": 1}),
        ("task.completed", {"task": "find", "value": 3}),
    )
)
IDS = ("u-17", "ü 1", "17", "s", "", None)
TEXTS = ("u-17", "of u-17: u-17s, xu-17 u-17", "ü 1\\ü 1", "17 s", "sss s-s", "")


@st.composite
def _templates(draw: st.DrawFn) -> dict[str, Any]:
    """A good record whose texts mention persons; durations have at most three digits after the point, as clocks give them."""
    record = draw(good_records())
    properties = record["properties"]
    for name, value in properties.items():
        if isinstance(value, float):
            properties[name] = round(value, 3)
        if name in ("message", "query", "key", "route", "text", "reason", "path", "title", "referrer"):
            properties[name] = draw(st.sampled_from(TEXTS))
        if name == "statement":
            properties[name] = draw(st.sampled_from(STATEMENTS))
    properties |= draw(
        st.fixed_dictionaries({}, optional={"feature": st.just("of another event"), "more": st.just([1e400])})
    )
    record |= {name: draw(st.sampled_from(IDS)) for name in ("userId", "anonymousId")}
    return {name: value for name, value in record.items() if name not in ("sentAt", "receivedAt")}


@st.composite
def drawn(draw: st.DrawFn) -> Streams:
    """Draw one to three partitions."""
    templates = draw(st.lists(_templates(), min_size=3, max_size=12))
    bad = draw(st.lists(st.one_of(damaged_records(), spoilt_records().filter(_has_no_statement)), max_size=4))
    item = streams.items((*"abcdef", None), (*templates, *GOALS, *streams.GOOD, *streams.SKEWED, *bad))
    partitions = draw(st.lists(st.lists(item, min_size=5, max_size=40), min_size=1, max_size=3))
    return {
        number: [
            Record(record.partition, record.offset, record.time, record.value)
            for record in streams.records_of(number, streams.BASE + number * 86_400_000, own)
        ]
        for number, own in enumerate(partitions)
    }


def _has_no_statement(raw: bytes) -> bool:
    """Any text may stand in a drawn statement, and the recount reads none but plain ones."""
    return b"db.query" not in raw
