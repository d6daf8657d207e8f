"""The gate before every flush: knows who was erased, lets no row of theirs through, and says how far it has read.

`tidegauge erase` records an erasure, waits until every gate has read it, and only then deletes. The order holds because
an insert and a reading exclude each other: once a gate says that it has read, what it let through before is stored, and
whatever it lets through later obeys.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
import structlog

from sinks.clickhouse import ClickHouse, StoreAwayError, StoreRefusedError
from sinks.forgotten import MILLISECONDS, Forgotten
from sinks.pseudonym_keys import KeyChangedError, settle

log = structlog.get_logger(__name__)

EVERY_SECONDS = 3.0
"""Pause between two readings."""
STALE_SECONDS = 10.0
"""A list older than this is read again before an insert begins."""
SILENT_SECONDS = 90.0
"""A gate that was not heard of for so long is dead or cut off: longer than STALE_SECONDS, a round of
inserts (`sinks.writer.ROUND_SECONDS`) and the longest insert together."""


class Gate:
    """The list of erasures in one running pipeline; safe to use from several threads."""

    def __init__(self, store: ClickHouse, reader: str, fingerprint: str) -> None:
        """Make a gate; nothing passes before it has read.

        Args:
            store: a connection of its own.
            reader: name of the pipeline, the same after a restart and of no other one, whatever that reads.
            fingerprint: of the key that its pseudonyms are made with.
        """
        self._store, self._reader, self._fingerprint = store, reader, fingerprint
        self._lock = threading.Lock()
        self._forgotten = Forgotten({})
        self._state: Any = None
        self._read_at: float | None = None

    def read(self) -> None:
        """Read the list and say so; the first time, make sure that the key is the database's.

        Raises:
            KeyChangedError, StoreAwayError, StoreRefusedError: nothing passes until it was read.
        """
        with self._lock:
            self._read()

    @contextmanager
    def admitted(self) -> Iterator[Callable[[pa.Table], pa.Table]]:
        """Say of rows which may be inserted, and hold back other readings until that is done. Raises as `read` does."""
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at > STALE_SECONDS:
                self._read()
            yield self._forgotten.without

    def keep_reading(self, stopping: threading.Event) -> None:
        """Read every few seconds until told to stop; for a thread of its own."""
        while not stopping.wait(EVERY_SECONDS):
            try:
                self.read()
            except StoreAwayError:
                continue
            except (KeyChangedError, StoreRefusedError) as error:
                log.error("erasures cannot be read, nothing is stored", error=str(error))

    def close(self) -> None:
        """Say that this pipeline has ended, so that nobody waits for it."""
        with self._lock, suppress(StoreAwayError, StoreRefusedError):
            if self._read_at is not None:
                self._say(self._now(), running=False)
        self._store.close()

    def _read(self) -> None:
        if self._read_at is None:
            settle(self._store, self._fingerprint)
        # The clock first: an erasure that is stored while we read must not count as read.
        now = self._now()
        state = self._store.query("SELECT count(), max(erased_at), max(forgotten_until) FROM erasures")
        if state != self._state:
            rows = self._store.query(
                "SELECT pseudonym, toUnixTimestamp64Milli(max(forgotten_until)) FROM erasures GROUP BY pseudonym"
            )
            self._forgotten, self._state = Forgotten(dict(rows)), state
        self._say(now, running=True)
        self._read_at = time.monotonic()

    def _now(self) -> int:
        """Ask the database for the time, in ms, so that only one clock decides."""
        return int(self._store.query("SELECT toUnixTimestamp64Milli(now64(3))")[0][0])

    def _say(self, now: int, *, running: bool) -> None:
        row = {
            "reader": pa.array([self._reader]),
            "read_at": pa.array([now], MILLISECONDS),
            "running": pa.array([running]),
        }
        self._store.insert("erasure_readers", pa.table(row))
