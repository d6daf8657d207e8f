"""Who takes part: how each candidate is started, how it is known to be right, and the words for it in the table."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.events import Written
from cli.figures import page_values
from sinks.clickhouse import ClickHouse

Name = Literal["bare", "latency", "unrecovered", "everything", "bytewax", "bytewax_pydantic", "view", "view_archive"]

COUNTS = "SELECT event, sum(count) FROM operations GROUP BY event"
Check = Callable[[Written, ClickHouse, Mapping[str, Any]], str | None]
"""Tells what is wrong with the figures: from what was written, the run's database, and the candidate's last words."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One that takes part.

    Attributes:
        name: in this program.
        title: in the table.
        module: what is started, `python -m module`.
        arguments: its arguments; `{records}` is replaced.
        check: tells what is wrong with its figures.
        migrated: whether it needs Tidegauge's tables.
        endless: whether it reads until it is told to stop.
        last_mark: what it logs when its last row is stored.
    """

    name: Name
    title: str
    module: str
    arguments: tuple[str, ...]
    check: Check
    migrated: bool = False
    endless: bool = False
    last_mark: str = "stored"


def read_all(written: Written, store: ClickHouse, last_mark: Mapping[str, Any]) -> str | None:
    """Check a candidate that stores nothing: did it see every byte?"""
    size = last_mark["bytes"]
    return None if size == written.size else f"read {size:,} of {written.size:,} bytes"


def counted_all(written: Written, store: ClickHouse, last_mark: Mapping[str, Any]) -> str | None:
    """Check the counts per event."""
    found = Counter({event: int(count) for event, count in store.query(COUNTS)})
    return difference(written.by_event, found)


def accounted_for_all(written: Written, store: ClickHouse, last_mark: Mapping[str, Any]) -> str | None:
    """Check the counts per event, and the ledger."""
    received, counted = store.query("SELECT sum(received), sum(counted) FROM ledger")[0]
    if (received, counted) != (written.records, written.records):
        return f"the ledger has {counted:,} counted of {received:,} received, {written.records:,} were written"
    return counted_all(written, store, last_mark)


def archived_all(written: Written, store: ClickHouse, last_mark: Mapping[str, Any]) -> str | None:
    """Check the counts per event, the ledger, and the archive."""
    archived = store.query("SELECT count() FROM events")[0][0]
    if archived != written.records:
        return f"{archived:,} of {written.records:,} events are in the archive"
    return accounted_for_all(written, store, last_mark)


def difference(wanted: Counter[str], found: Counter[str]) -> str | None:
    """Say where two counts per event differ; None where they do not."""
    if wanted == found:
        return None
    worst = max(sorted(wanted | found), key=lambda event: abs(wanted[event] - found[event]))
    return f"counted {found.total():,} of {wanted.total():,} events; {worst}: {found[worst]:,} of {wanted[worst]:,}"


CANDIDATES: tuple[Candidate, ...] = (
    Candidate("bare", "bare consume loop", "benchmarks.bare", ("{records}",), read_all),
    Candidate(
        "latency",
        "Tidegauge, latency and errors alone",
        "benchmarks.shard_variant",
        ("latency", "on"),
        accounted_for_all,
        migrated=True,
        endless=True,
    ),
    Candidate(
        "unrecovered",
        "the same without recovery",
        "benchmarks.shard_variant",
        ("latency", "off"),
        accounted_for_all,
        migrated=True,
        endless=True,
    ),
    Candidate(
        "everything",
        "Tidegauge, everything on (`tidegauge run`)",
        "cli",
        ("run",),
        archived_all,
        migrated=True,
        endless=True,
        last_mark="shard stopped; everything read is stored",
    ),
    Candidate("bytewax", "Bytewax as taught, msgspec", "benchmarks.bytewax_taught", ("msgspec",), counted_all),
    Candidate(
        "bytewax_pydantic", "Bytewax as taught, pydantic", "benchmarks.bytewax_taught", ("pydantic",), counted_all
    ),
    Candidate(
        "view",
        "raw insert + materialized view, raw records not kept",
        "benchmarks.materialized_view",
        ("{records}", "null"),
        counted_all,
    ),
    Candidate(
        "view_archive",
        "raw insert + materialized view, raw records kept",
        "benchmarks.materialized_view",
        ("{records}", "archive"),
        counted_all,
    ),
)


class AllRead:
    """Tells from a shard's page whether it has read everything; asks seldom, for a scrape costs the shard milliseconds."""

    def __init__(self, page: str, records: int) -> None:
        self._page, self._records = page, records
        self._began = time.monotonic()
        self._next = self._began

    def __call__(self) -> bool:
        """Look, if it is time to."""
        now = time.monotonic()
        if now < self._next:
            return False
        received = page_values(self._page).get("tidegauge_records_received_total", 0.0)
        if received >= self._records:
            return True
        left = (self._records - received) / received * (now - self._began) if received else 0.5
        self._next = now + min(max(left / 2, 0.05), 1.0)
        return False
