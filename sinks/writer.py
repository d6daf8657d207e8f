"""Writes flushes to ClickHouse: one insert a table and flush, acknowledged, with growing pauses while the server is away."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import pyarrow as pa
import structlog

from sinks.clickhouse import ClickHouse, StoreAwayError

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 15.0
"""Seconds between two tries."""

Admission = Callable[[pa.Table], AbstractContextManager[pa.Table]]
"""Gives the rows that may be stored, for as long as their insert takes."""

Tables = Sequence[tuple[str, pa.Table]]
"""Table name and rows."""


@dataclass
class WriterState:
    """What the exporter and /readyz show of the writer; written by one thread, read by others."""

    away_since: float | None = None
    rows: int = 0
    inserts: int = 0
    retries: int = 0
    seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def away_seconds(self) -> float:
        """Say for how many seconds the store has been away; 0 while it answers."""
        since = self.away_since
        return 0.0 if since is None else time.monotonic() - since


class Writer:
    """Writes one flush at a time, in the background, so that the next can be computed meanwhile.

    At most one flush is under way: `write` waits for the one before, so a store that is away stops the reader and
    nothing is buffered without bound. `drain` returns when everything is stored; a snapshot waits for it.
    """

    def __init__(
        self,
        connect: Callable[[], ClickHouse],
        state: WriterState,
        stopping: threading.Event,
        admitted: Admission = nullcontext,
    ) -> None:
        """Make a writer.

        Args:
            connect: makes a connection of its own.
            state: kept up to date for the exporter.
            stopping: once it is set, a store that is away is no longer waited for.
            admitted: asked at every try which of the rows may be stored; everything may without it.
        """
        self._store = connect()
        self._state = state
        self._stopping = stopping
        self._admitted = admitted
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clickhouse")
        self._under_way: Future[None] | None = None

    def write(self, tables: Tables) -> None:
        """Wait for the flush before, then start writing this one.

        Raises:
            StoreRefusedError: the store refused the flush before.
            StoreAwayError: the store was away when the process was asked to stop.
        """
        self.drain()
        self._under_way = self._thread.submit(self._write, merged(tables))

    def drain(self) -> None:
        """Return when all that was given is stored. Raises as `write` does."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def close(self) -> None:
        """Finish and drop the connection."""
        self.drain()
        self._thread.shutdown()
        self._store.close()

    def _write(self, tables: dict[str, pa.Table]) -> None:
        for table, rows in tables.items():
            started = time.monotonic()
            stored = self._insert(table, rows)
            with self._state.lock:
                self._state.rows += stored
                self._state.inserts += stored > 0
                self._state.seconds += time.monotonic() - started

    def _insert(self, table: str, rows: pa.Table) -> int:
        """Insert the rows that may be stored; gives how many these are."""
        pause = FIRST_PAUSE
        while True:
            try:
                with self._admitted(rows) as admitted:
                    if admitted.num_rows:
                        self._store.insert(table, admitted)
            except StoreAwayError as error:
                self._wait(table, pause, error)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self._state.away_since = None
                return int(admitted.num_rows)

    def _wait(self, table: str, pause: float, error: StoreAwayError) -> None:
        """Wait before the next try; the events stay in Kafka meanwhile."""
        if self._state.away_since is None:
            self._state.away_since = time.monotonic()
        self._state.retries += 1
        log.warning("store away, reading is paused", table=table, next_try_seconds=pause, error=str(error))
        if self._stopping.wait(pause):
            raise error


def merged(tables: Iterable[tuple[str, pa.Table]]) -> dict[str, pa.Table]:
    """Lay rows of the same table together, so that each table gets one insert."""
    by_name: dict[str, list[pa.Table]] = {}
    for name, rows in tables:
        by_name.setdefault(name, []).append(rows)
    return {name: parts[0] if len(parts) == 1 else pa.concat_tables(parts) for name, parts in by_name.items()}
