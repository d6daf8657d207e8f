"""Writes flushes to ClickHouse: one insert a table and flush, a few at once, with growing pauses while the server is away."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import chain, repeat
from math import inf
from queue import LifoQueue

import pyarrow as pa
import structlog

from sinks.clickhouse import ClickHouse, StoreAwayError

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 15.0
"""Seconds between two tries."""

LANES = 3
"""Inserts at once. A flush is a score of tables, each with a few rows: what takes time is the way there and back."""

ROUND_SECONDS = 10.0
"""After so long no insert of a round begins any more, and the gate may read: it must never be silent for many inserts' time."""

Admission = Callable[[], AbstractContextManager[Callable[[pa.Table], pa.Table]]]
"""Says of rows which of them may be stored, for as long as their inserts take."""

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
        admitted: Admission = lambda: nullcontext(_everything),
    ) -> None:
        """Make a writer.

        Args:
            connect: makes a connection, one for each lane.
            state: kept up to date for the exporter.
            stopping: once it is set, a store that is away is no longer waited for.
            admitted: asked at every try which of the rows may be stored; everything may without it.
        """
        self._stores = [connect() for _ in range(LANES)]
        self._free = LifoQueue[ClickHouse]()
        for store in self._stores:
            self._free.put(store)
        self._state = state
        self._stopping = stopping
        self._admitted = admitted
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="flush")
        self._lanes = ThreadPoolExecutor(max_workers=LANES, thread_name_prefix="clickhouse")
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
        """Finish and drop the connections."""
        self.drain()
        self._thread.shutdown()
        self._lanes.shutdown()
        for store in self._stores:
            store.close()

    def _write(self, tables: dict[str, pa.Table]) -> None:
        pause = FIRST_PAUSE
        while tables:
            tables, error = self._try(tables)
            if error is None:
                self._state.away_since = None
                continue
            self._wait(sorted(tables), pause, error)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _try(self, tables: dict[str, pa.Table]) -> tuple[dict[str, pa.Table], StoreAwayError | None]:
        """Insert what may be stored, for one round; gives the tables that are left, and why if the store was away."""
        left, away = {}, None
        # The first one begins in any case, so that each round gets on.
        last = chain([inf], repeat(time.monotonic() + ROUND_SECONDS))
        try:
            with self._admitted() as admit:
                under_way = {
                    name: self._lanes.submit(self._insert, name, admit(rows), last_begin)
                    for (name, rows), last_begin in zip(tables.items(), last, strict=False)
                }
                wait(under_way.values())
        except StoreAwayError as error:
            return tables, error
        for name, insert in under_way.items():
            try:
                if not insert.result():
                    left[name] = tables[name]
            except StoreAwayError as error:
                left[name], away = tables[name], error
        return left, away

    def _insert(self, table: str, rows: pa.Table, last_begin: float) -> bool:
        """Insert, unless it is too late to begin; tells whether it was done."""
        if not rows.num_rows:
            return True
        started = time.monotonic()
        if started > last_begin:
            return False
        store = self._free.get()
        try:
            store.insert(table, rows)
        finally:
            self._free.put(store)
        with self._state.lock:
            self._state.rows += rows.num_rows
            self._state.inserts += 1
            self._state.seconds += time.monotonic() - started
        return True

    def _wait(self, tables: Sequence[str], pause: float, error: StoreAwayError) -> None:
        """Wait before the next try; the events stay in Kafka meanwhile.

        Who is asked to stop meanwhile tries once more, at once: the store may be back long before the pause is over.
        """
        if self._state.away_since is None:
            self._state.away_since = time.monotonic()
        self._state.retries += 1
        log.warning("store away, reading is paused", tables=tables, next_try_seconds=pause, error=str(error))
        if self._stopping.is_set():
            raise error
        self._stopping.wait(pause)


def _everything(rows: pa.Table) -> pa.Table:
    return rows


def merged(tables: Iterable[tuple[str, pa.Table]]) -> dict[str, pa.Table]:
    """Lay rows of the same table together, so that each table gets one insert."""
    by_name: dict[str, list[pa.Table]] = {}
    for name, rows in tables:
        by_name.setdefault(name, []).append(rows)
    return {name: parts[0] if len(parts) == 1 else pa.concat_tables(parts) for name, parts in by_name.items()}
