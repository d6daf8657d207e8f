"""What the page asks of ClickHouse: panels, filter values, how fresh it all is. Read-only, several questions at a time."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from operator import itemgetter
from queue import LifoQueue
from threading import Lock
from typing import Any

from dashboards.annotations import annotations
from dashboards.freshness import SOURCES, freshness_sql
from dashboards.macros import Choices, Span, expand
from dashboards.panels import Panel, dashboards
from dashboards.variables import VARIABLES
from sinks.clickhouse import ClickHouse, StoreAwayError, StoreRefusedError

Table = tuple[tuple[str, ...], list[tuple[Any, ...]]]


class Connections:
    """Connections to one ClickHouse, each used by one thread at a time."""

    def __init__(self, connect: Callable[[], ClickHouse], *, most: int = 4) -> None:
        """Remember how to connect; who finds all `most` connections in use waits: more would not make the server faster."""
        self._all = [connect() for _ in range(most)]
        self._free: LifoQueue[ClickHouse] = LifoQueue()
        for store in self._all:
            self._free.put(store)

    def warm_up(self) -> None:
        """Make the connections now, so that the first page need not wait for it; being refused or alone is no trouble yet."""
        for store in self._all:
            with suppress(StoreAwayError, StoreRefusedError):
                store.table("SELECT 1")

    @contextmanager
    def one(self) -> Iterator[ClickHouse]:
        """Lend a connection."""
        store = self._free.get()
        try:
            yield store
        finally:
            self._free.put(store)

    def table(self, sql: str) -> Table:
        """Run a query that may not write.

        Raises:
            StoreAwayError, StoreRefusedError: as `sinks.clickhouse` says.
        """
        with self.one() as store:
            try:
                return store.table(sql)
            except StoreAwayError:
                # A kept connection may have been closed by a server that was started anew: one more try tells.
                return store.table(sql)

    def close(self) -> None:
        """Drop all connections."""
        for store in self._all:
            store.close()


class Answers:
    """Answers in the shape that the page's script reads."""

    def __init__(self, connections: Connections, *, keep_seconds: float = 0.9) -> None:
        """Take the connections; the same question within `keep_seconds` gets the same answer, so several viewers cost as one."""
        self._connections = connections
        self._keep = keep_seconds
        self._kept: dict[str, tuple[float, Table]] = {}
        self._lock = Lock()

    def panel(self, panel: Panel, span: Span, choices: Choices) -> Mapping[str, Any]:
        """Ask a panel's question.

        Raises:
            StoreAwayError, StoreRefusedError: as `sinks.clickhouse` says.
        """
        sql = expand(panel.sql, span, choices)
        began = time.perf_counter()
        columns, rows = self._table(sql)
        return {
            "columns": columns,
            "rows": [[_plain(value) for value in row] for row in rows],
            "sql": sql,
            "took_ms": round((time.perf_counter() - began) * 1000, 1),
            "interval_s": span.interval_s,
            "since": int(span.since.timestamp()),
            "until": int(span.until.timestamp()),
        }

    def marks(self, span: Span) -> Mapping[str, Any]:
        """Give what happened in a time range: kind, time, end (None: a moment) and text of each, by time."""
        found = [
            {"kind": one.name, "time": _plain(time), "end": _plain(end), "text": text}
            for one in annotations()
            for time, end, text in self._table(expand(one.sql, span, {}))[1]
        ]
        return {"marks": sorted(found, key=itemgetter("time"))}

    def filters(self) -> Mapping[str, Sequence[str]]:
        """Give the values of every filter."""
        return {each.name: [str(row[0]) for row in self._table(each.sql)[1]] for each in VARIABLES}

    def fresh(self) -> Mapping[str, float | None]:
        """Give for every view that panels read the time of its newest event (epoch seconds), None where it has none."""
        views = {view for each in dashboards() for panel in each.panels for view in panel.views}
        newest = {source: _plain(moment) for source, moment in self._table(freshness_sql(views))[1]}
        return {view: newest[SOURCES[view][0]] for view in sorted(views)}

    def _table(self, sql: str) -> Table:
        now = time.monotonic()
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] < self._keep}
            if kept := self._kept.get(sql):
                return kept[1]
        table = self._connections.table(sql)
        with self._lock:
            self._kept[sql] = (time.monotonic(), table)
        return table


def _plain(value: Any) -> Any:
    """Turn what JSON does not know into numbers: times become epoch seconds (UTC)."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    if isinstance(value, float) and value != value:
        return None
    return value
