"""The dataflow of a shard: Kafka to shard to sinks, and Bytewax to keep offsets and state together.

Step ids are part of the format of stored state (a renamed step silently loses its state), so they are frozen.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax._bytewax import run_main
from bytewax.dataflow import Dataflow
from bytewax.errors import BytewaxRuntimeError
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir

from pipelines.flush import Flush
from pipelines.microbatch import MicroBatch
from pipelines.recovery_store import check, not_written
from pipelines.shard import Shard
from pipelines.source import KafkaSource


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where a flush goes.

    Attributes:
        write: takes a flush; may return before it is stored.
        drain: returns when all that was given is stored; called before a snapshot becomes durable.
        close: called after the last flush.
    """

    write: Callable[[Flush], None]
    drain: Callable[[], None]
    close: Callable[[], None]


class ShardLogic(StatefulBatchLogic[list[MicroBatch], Flush, dict[str, Any]]):
    """Lets Bytewax drive a shard and keep its snapshot."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard

    def on_batch(self, values: list[list[MicroBatch]]) -> tuple[list[Flush], bool]:
        """Take the micro-batches of one or more steps in."""
        return [self._shard.step(batches, time.monotonic()) for batches in values], self.RETAIN

    def on_notify(self) -> tuple[list[Flush], bool]:
        """Write the rows that waited for their `emit_every` while nothing came."""
        rows = self._shard.take_due(time.monotonic())
        return ([Flush(rows=rows)] if rows else []), self.RETAIN

    def on_eof(self) -> tuple[list[Flush], bool]:
        """Write everything that waits; windows stay open in the snapshot, for the next start goes on with them."""
        rows = self._shard.take_due(time.monotonic(), everything=True)
        return ([Flush(rows=rows)] if rows else []), self.RETAIN

    def notify_at(self) -> datetime | None:
        """Say when waiting rows are due."""
        due = self._shard.next_due
        if due is None:
            return None
        return datetime.now(UTC) + timedelta(seconds=max(due - time.monotonic(), 0.0))

    def snapshot(self) -> dict[str, Any]:
        """Return the shard's state as plain data."""
        return self._shard.snapshot()


class OutletSink(FixedPartitionedSink[Flush, None]):
    """One part, so that recovery waits for it: a `DynamicSink` can lose what was not written yet."""

    def __init__(self, part: str, outlet: Outlet) -> None:
        self._part = part
        self._outlet = outlet

    def list_parts(self) -> list[str]:
        """Name the one part."""
        return [self._part]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> "OutletPartition":
        """Open it."""
        return OutletPartition(self._outlet)


class OutletPartition(StatefulSinkPartition[Flush, None]):
    """Writes flushes; its snapshot waits until they are stored."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def write_batch(self, values: list[Flush]) -> None:
        """Write flushes in their order."""
        for flush in values:
            self._outlet.write(flush)

    def snapshot(self) -> None:
        """Make sure that what this epoch wrote is stored before its state becomes durable."""
        self._outlet.drain()

    def close(self) -> None:
        """Finish."""
        self._outlet.close()


def shard_flow(part: str, source: KafkaSource, shard: Callable[[], Shard], outlet: Outlet) -> Dataflow:
    """Wire a shard: source, shard, sink."""

    def build(snapshot: dict[str, Any] | None) -> ShardLogic:
        built = shard()
        if snapshot is not None:
            built.restore(snapshot)
        return ShardLogic(built)

    flow = Dataflow("tidegauge")
    batches = op.input("kafka", flow, source)
    flushes = op.stateful_batch("shard", batches, build)
    op.output("sinks", flushes, OutletSink(part, outlet))
    return flow


def run_flow(flow: Dataflow, part: str, store: Path, snapshot_interval: timedelta) -> None:
    """Run the flow of a part until its source ends; offsets and state are kept in the folder `store`.

    Raises:
        RecoveryStoreError: the store is damaged, of another part, or cannot be written.
        Whatever a step raised, unwrapped from Bytewax's own error.
    """
    check(store, part)
    if not any(store.glob("*.sqlite3")):
        store.mkdir(parents=True, exist_ok=True)
        init_db_dir(store, 1)  # type: ignore[no-untyped-call]
    # Bytewax reports a failed step by a Rust panic; its backtrace of interpreter frames tells nobody anything.
    os.environ.setdefault("RUST_BACKTRACE", "0")
    recovery = RecoveryConfig(store)  # type: ignore[no-untyped-call]
    try:
        run_main(flow, epoch_interval=snapshot_interval, recovery_config=recovery)  # type: ignore[no-untyped-call]
    except BytewaxRuntimeError as error:
        raise (error.__cause__ or error) from error
    except RuntimeError as error:
        # A panic of Bytewax's own, which only its text tells apart.
        if "SqliteFailure" in str(error):
            raise not_written(store, error) from error
        raise
