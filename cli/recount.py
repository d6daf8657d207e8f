"""Holds tables against the archive: runs both sides of a comparison, window by window, and says which rows differ."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pipelines.archive import ARCHIVE
from pipelines.to_sql import Comparison
from sinks.clickhouse import ClickHouse
from sinks.cluster import LOCAL
from sinks.retention import TTL

DAY_MS = 86_400_000
PIECE_MS = 7 * DAY_MS
"""How much is compared at a time: what both sides of a week have must fit into ClickHouse's memory."""
MARGIN_MS = 3_600_000
"""How much less than its retention a table is trusted with, for clocks and events that come before their time."""
MOST = 10_000
"""Differing rows that are looked at again; more of them are no matter of a moment."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to `until` (without), ms since 1970; windows that ended after `settled` may differ for a moment."""

    since: int
    until: int
    settled: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that differs: its key, and measure -> (stored, recounted) of those that do; a missing row has None."""

    key: Key
    measures: dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out for one rollup or fact table.

    Attributes:
        comparison: what was compared.
        stored: events that the table counts.
        recounted: events that the archive counts.
        rows: how many rows were compared.
        differing: how many of them differ.
        moving: how many differ in windows that are too young to be judged.
        differences: of the differing rows, at most MOST.
    """

    comparison: Comparison
    stored: int = 0
    recounted: int = 0
    rows: int = 0
    differing: int = 0
    moving: int = 0
    differences: tuple[Difference, ...] = ()


def held_since(store: ClickHouse, table: str) -> int:
    """Say from when on (ms since 1970) both the archive and a table still hold everything that happened.

    Rows go some days after they were stored (the archive) or after what they tell of (the others). The archive of a
    database that is younger than its retention has lost nothing yet, whatever the events' own times are. What was
    deleted from the archive with an erased person is still counted in figures that name nobody.
    """
    # Rounded up to the hour, so that the answer is the same for tables that are kept equally long.
    now = -(-int(time.time() * 1000) // MARGIN_MS) * MARGIN_MS
    created = int(store.query("SELECT toUnixTimestamp(min(applied_at)) FROM schema_migrations")[0][0]) * 1000
    floors = [_erased_until(store)]
    if table != ARCHIVE.table and (days := _days_kept(store, table)):
        floors.append(now - days * DAY_MS + DAY_MS)
    days = _days_kept(store, ARCHIVE.table)
    if days and created < now - days * DAY_MS + MARGIN_MS:
        floors.append(now - days * DAY_MS + MARGIN_MS)
    return max(floors)


def compare(store: ClickHouse, comparison: Comparison, period: Period) -> Finding:
    """Compare all windows that lie in a period."""
    finding = Finding(comparison)
    for piece in _pieces(store, comparison, period):
        rows, differing, moving, stored, recounted = store.query(_totals(comparison), _parameters(piece))[0]
        differences = finding.differences
        if differing and len(differences) < MOST:
            differences += tuple(_differences(store, comparison, piece, MOST - len(differences)))
        finding = Finding(
            comparison,
            finding.stored + int(stored),
            finding.recounted + int(recounted),
            finding.rows + int(rows),
            finding.differing + int(differing),
            finding.moving + int(moving),
            differences,
        )
    return finding


def look_again(store: ClickHouse, finding: Finding, period: Period) -> Finding:
    """Compare the differing rows once more; a running pipeline writes rows and archive a moment apart."""
    if finding.differing != len(finding.differences):
        return finding
    before = {difference.key for difference in finding.differences}
    again = compare(store, finding.comparison, period)
    still = tuple(difference for difference in again.differences if difference.key in before)
    return replace(again, differing=len(still), differences=still)


def _pieces(store: ClickHouse, comparison: Comparison, period: Period) -> Iterator[Period]:
    """Cut what there is to compare into pieces of whole windows."""
    length = comparison.window_ms
    extents = [store.query(extent)[0] for extent in comparison.extents]
    known = [(int(first), int(last)) for first, last in extents if last]
    if not known:
        return
    since = -(-max(period.since, min(first for first, _ in known) // length * length) // length) * length
    last = max(last for _, last in known) // length * length + length
    until = min(period.until // length * length, last)
    step = max(PIECE_MS // length, 1) * length
    for start in range(since, until, step):
        yield Period(start, min(start + step, until), period.settled)


def _parameters(period: Period) -> dict[str, Any]:
    return {"since": period.since, "until": period.until, "settled": period.settled // 1000}


def _pairs(comparison: Comparison) -> str:
    """Put both sides of each row beside each other."""
    keys, measures = ", ".join(comparison.keys), (*comparison.measures, "events")
    columns = ", ".join((*comparison.keys, *measures))
    sides = (("stored", comparison.stored), ("recounted", comparison.recounted))
    union = " UNION ALL ".join(f"SELECT '{side}' AS side, {columns} FROM ({select})" for side, select in sides)
    values = [f"anyIf(u.{name}, u.side = '{side}') AS {side}_{name}" for side, _ in sides for name in measures]
    there = [f"countIf(u.side = '{side}') AS {side}_there" for side, _ in sides]
    unequal = [f"NOT ifNull({a} = {b}, {a} IS NULL AND {b} IS NULL)" for a, b in map(_both, measures)]
    return (
        f"SELECT {keys}, {', '.join(there + values)}, stored_there != recounted_there OR {' OR '.join(unequal)} AS differs, "
        f"toUnixTimestamp(window_start) + {comparison.window_ms // 1000} > {{settled:Int64}} AS young "
        f"FROM ({union}) AS u GROUP BY {keys}"
    )


def _both(name: str) -> tuple[str, str]:
    return f"stored_{name}", f"recounted_{name}"


def _totals(comparison: Comparison) -> str:
    return (
        "SELECT count(), countIf(differs AND NOT young), countIf(differs AND young), "
        f"sum(stored_events), sum(recounted_events) FROM ({_pairs(comparison)})"
    )


def _differences(store: ClickHouse, comparison: Comparison, period: Period, most: int) -> Iterator[Difference]:
    measures = (*comparison.measures, "events")
    texts = [
        f"if({side}_there = 0, NULL, ifNull(toString({side}_{name}), 'NULL'))"
        for name in measures
        for side in ("stored", "recounted")
    ]
    keys = [f"toString({key})" for key in comparison.keys]
    query = (
        f"SELECT [{', '.join(keys)}], [{', '.join(texts)}] FROM ({_pairs(comparison)}) "
        f"WHERE differs AND NOT young ORDER BY {', '.join(comparison.keys)} LIMIT {most}"
    )
    for key, values in store.query(query, _parameters(period)):
        pairs: Sequence[tuple[str | None, str | None]] = list(zip(values[::2], values[1::2], strict=True))
        unequal = {name: pair for name, pair in zip(measures, pairs, strict=True) if pair[0] != pair[1]}
        yield Difference(tuple(key), unequal)


def _days_kept(store: ClickHouse, table: str) -> int:
    """Read a table's retention; 0 for ever."""
    engine = store.query(
        "SELECT engine_full FROM system.tables WHERE database = currentDatabase() "
        "AND name IN ({name:String}, {local:String}) AND engine LIKE '%MergeTree'",
        {"name": table, "local": table + LOCAL},
    )
    found = re.search(TTL, str(engine[0][0])) if engine else None
    return int(found["days"]) if found else 0


def _erased_until(store: ClickHouse) -> int:
    """Say up to when the archive lacks what is still counted: events of persons who were erased."""
    return int(store.query("SELECT toUnixTimestamp64Milli(max(forgotten_until)) FROM erasures")[0][0])


def moment(milliseconds: int) -> str:
    """Write a time for people, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
