"""One shard: decode, verdict and rollups over its partitions. Plain code; Bytewax only calls it and keeps its snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.columns import Coded, Column, floats, take
from pipelines.dead_letters import DeadLetter, dead_letter_rows
from pipelines.decode import Decoded, Decoder
from pipelines.dedup import ids_of
from pipelines.events import Events
from pipelines.facts import Facts
from pipelines.flush import Flush
from pipelines.microbatch import MicroBatch
from pipelines.observe import by_target
from pipelines.pseudonyms import PlainIds
from pipelines.reject_limit import RejectedShare, RejectLimit
from pipelines.rollup import Rollup
from pipelines.rows import Rows
from pipelines.sketch import bucket_of
from pipelines.verdict import (
    COUNTED,
    DUPLICATE,
    LATE,
    REASONS,
    PartitionVerdict,
    TimeRules,
    milliseconds,
)
from pipelines.windows import Progress, Windows, late_block

SNAPSHOT_VERSION = 2
KEPT_RETIRED = 8
"""For how many snapshots forgotten id files are kept: a start may go back to one that is a little older than the last."""
VERDICT_NAMES = {COUNTED: "counted", LATE: "late", DUPLICATE: "duplicate"}
REJECTED = "rejected"


class SnapshotError(Exception):
    """A snapshot cannot be taken up; the message says why."""


@dataclass(frozen=True, slots=True)
class ShardConfig:
    """What a shard computes and where it keeps sealed ids.

    Attributes:
        folder: for the sealed files of remembered ids.
        rules: how times are judged.
        max_event_bytes: a larger record is rejected.
        catalog_strict: reject event names that the catalog does not know.
        ids: what is stored for the ids of persons.
        limit: how much may be rejected before it stops.
    """

    folder: Path
    rules: TimeRules = field(default_factory=TimeRules)
    max_event_bytes: int = 32_768
    catalog_strict: bool = False
    ids: PlainIds = field(default_factory=PlainIds)
    limit: RejectLimit = field(default_factory=RejectLimit)


class Shard:
    """The state of one shard and the step that moves it on."""

    def __init__(self, config: ShardConfig, rollups: Sequence[Rollup], facts: Sequence[Facts]) -> None:
        self._config = config
        self._facts = facts
        self._decoder = Decoder(config.max_event_bytes, catalog_strict=config.catalog_strict)
        self._windows = {r.name: Windows(r, milliseconds(config.rules.lateness)) for r in rollups}
        self._emitted = dict.fromkeys(self._windows, 0.0)
        self._looked = 0.0
        self._verdicts: dict[int, PartitionVerdict] = {}
        self._rejected: dict[int, RejectedShare] = {}
        self._next: dict[int, int] = {}
        self._orphans: list[Path] = []
        self._snapshots = 0

    def step(self, batches: Sequence[MicroBatch], now: float) -> Flush:
        """Take micro-batches in and give what is to be written.

        Args:
            batches: at most one a partition, each going on where the last of its partition ended.
            now: a clock in seconds that decides only how often rows are written, never what is in them.

        Raises:
            SnapshotError: a batch repeats offsets that the state already holds.
            RejectLimitError: too much of a partition is rejected; the shard must not be used any further.
        """
        self._check_order(batches)
        values = [value for batch in batches for value in batch.values]
        partitions = np.repeat([b.partition for b in batches], [len(b) for b in batches]).astype(np.int64)
        offsets = np.concatenate([batch.offsets for batch in batches])
        record_times = np.concatenate([batch.record_times for batch in batches])
        decoded = self._decoder.decode(values)
        records = _Records(values, partitions, offsets, record_times)
        codes = self._judge(decoded, records)
        self._heed_limit(decoded, records, codes)
        letters = _dead_letters(decoded, records, codes)
        accepted = np.flatnonzero(codes <= LATE)
        events = self._config.ids.hide(_events(decoded, records, codes, accepted))
        self._roll_up(events)
        verdicts = self._keep_ledger(decoded, records, codes)
        for batch in batches:
            self._next[batch.partition] = batch.next_offset
        rows = self.take_due(now)
        rows += self._fact_rows(events)
        if letters:
            rows.append(dead_letter_rows(letters, self._config.ids))
        newest = int(decoded.times[accepted].max()) if len(accepted) else None
        return Flush(rows, letters, events.columns, verdicts, len(values), newest, by_target(events))

    def take_due(self, now: float, *, everything: bool = False) -> list[Rows]:
        """Hand out the changed rows of the rollups whose time has come, and drop closed windows.

        Their time has come, too, if they would have waited too long at the next look, which is about as far off as the last.
        """
        pause, self._looked = now - self._looked, now
        progress = {p: Progress(v.watermark, self._next.get(p, 0)) for p, v in self._verdicts.items()}
        due = []
        for name, windows in self._windows.items():
            is_due = now + pause - self._emitted[name] > windows.rollup.emit_every.total_seconds()
            if everything or is_due or windows.is_closing(progress):
                rows = windows.take_changed()
                if rows is not None:
                    due.append(rows)
                    self._emitted[name] = now
            windows.close(progress)
        return due

    @property
    def next_due(self) -> float | None:
        """When, on the clock of `step`, waiting rows are to be written; None where none wait."""
        waiting = [
            self._emitted[name] + windows.rollup.emit_every.total_seconds()
            for name, windows in self._windows.items()
            if windows.has_changes
        ]
        return min(waiting, default=None)

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain data: bytes, numbers, tuples, lists and dicts."""
        for verdict in self._verdicts.values():
            verdict.seen.discard_retired(KEPT_RETIRED)
        self._snapshots += 1
        if self._snapshots > KEPT_RETIRED:
            self._discard_orphans()
        return {
            "version": SNAPSHOT_VERSION,
            "partitions": {
                p: {"next": self._next[p], "rejected": self._rejected[p].snapshot(), **v.snapshot()}
                for p, v in self._verdicts.items()
            },
            "rollups": {name: windows.snapshot() for name, windows in self._windows.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a snapshot up.

        Raises:
            SnapshotError: it is of another version, or holds a rollup that this program does not know.
        """
        if state["version"] not in (1, SNAPSHOT_VERSION):
            raise SnapshotError(
                f"snapshot of version {state['version']}, this program reads up to {SNAPSHOT_VERSION}: start the newer one"
            )
        if unknown := set(state["rollups"]) - set(self._windows):
            raise SnapshotError(f"the snapshot holds rollups that this program does not know: {sorted(unknown)}")
        for partition, own in state["partitions"].items():
            self._verdict_of(partition).restore(own)
            self._next[partition] = own["next"]
            if "rejected" in own:  # version 1 did not watch the share
                self._rejected[partition].restore(own["rejected"])
        for name, cells in state["rollups"].items():
            self._windows[name].restore(cells)
        self._orphans = list(self._config.folder.glob("*.ids"))

    def _discard_orphans(self) -> None:
        """Delete the files found at the start that nothing names any more, once no snapshot from before is left."""
        used = {name for verdict in self._verdicts.values() for name in verdict.seen.names()}
        for path in self._orphans:
            if path.name not in used:
                path.unlink(missing_ok=True)
        self._orphans = []

    def _verdict_of(self, partition: int) -> PartitionVerdict:
        if partition not in self._verdicts:
            folder = self._config.folder
            self._verdicts[partition] = PartitionVerdict(partition, self._config.rules, folder)
            self._rejected[partition] = RejectedShare(partition, self._config.limit)
            self._next.setdefault(partition, 0)
        return self._verdicts[partition]

    def _check_order(self, batches: Sequence[MicroBatch]) -> None:
        for batch in batches:
            expected = self._next.get(batch.partition, 0)
            if batch.offsets[0] < expected:
                raise SnapshotError(
                    f"partition {batch.partition}: offset {batch.offsets[0]} was read again, the state already holds all "
                    f"up to {expected - 1}; state and offsets come from different snapshots"
                )

    def _judge(self, decoded: Decoded, records: "_Records") -> NDArray[np.int8]:
        """Judge the good events, partition by partition."""
        codes = np.empty(len(decoded.rows), dtype=np.int8)
        partitions = records.partitions[decoded.rows]
        ids = ids_of(decoded.message_ids)
        times = decoded.times
        for partition in np.unique(records.partitions):
            verdict = self._verdict_of(int(partition))
            own = np.flatnonzero(partitions == partition)
            if len(own):
                rows = decoded.rows[own]
                codes[own] = verdict.judge(ids[own], times[own], records.times[rows], records.offsets[rows])
        return codes

    def _heed_limit(self, decoded: Decoded, records: "_Records", codes: NDArray[np.int8]) -> None:
        """Stop, before anything is written, where too much is rejected."""
        rejected = np.ones(len(records.values), dtype=bool)
        rejected[decoded.rows[codes <= DUPLICATE]] = False
        for partition, share in self._rejected.items():
            own = records.partitions == partition
            share.add(rejected[own], records.offsets[own])

    def _roll_up(self, events: Events) -> None:
        """Give the accepted events to every rollup over events."""
        for windows in self._windows.values():
            if windows.rollup.over == "events":
                own = events.of(windows.rollup.events, windows.rollup.columns)
                if own is not None:
                    windows.add(own)

    def _fact_rows(self, events: Events) -> list[Rows]:
        chosen = ((facts, events.of(facts.events, set(facts.columns))) for facts in self._facts)
        return [facts.rows(own) for facts, own in chosen if own is not None]

    def _keep_ledger(self, decoded: Decoded, records: "_Records", codes: NDArray[np.int8]) -> dict[str, int]:
        """Enter every record into the rollups over records; return how many got which verdict."""
        names = [*VERDICT_NAMES.values(), REJECTED]
        verdict = np.full(len(records.values), names.index(REJECTED), dtype=np.int32)
        for code, name in VERDICT_NAMES.items():
            verdict[decoded.rows[codes == code]] = names.index(name)
        columns: dict[str, Column] = {
            "partition": records.partitions,
            "time": records.times,
            "late_block": late_block(records.offsets),
            "verdict": Coded(verdict, names),
        }
        for windows in self._windows.values():
            if windows.rollup.over == "records":
                windows.add(columns)
        counts = np.bincount(verdict, minlength=len(names))
        return {name: int(n) for name, n in zip(names, counts, strict=True)}


@dataclass(frozen=True, slots=True)
class _Records:
    values: Sequence[bytes]
    partitions: NDArray[np.int64]
    offsets: NDArray[np.int64]
    times: NDArray[np.int64]


def _events(decoded: Decoded, records: _Records, codes: NDArray[np.int8], accepted: NDArray[np.intp]) -> Events:
    """Put the accepted events together with where they came from."""
    rows = decoded.rows[accepted]
    offsets = records.offsets[rows]
    everything = len(accepted) == len(decoded.rows)
    columns = dict(decoded.columns) if everything else take(decoded.columns, accepted)
    columns["partition"] = records.partitions[rows]
    columns["offset"] = offsets
    columns["record_time"] = records.times[rows]
    columns["late_block"] = np.where(codes[accepted] == LATE, late_block(offsets), 0)
    columns["duration_ms.bucket"] = bucket_of(floats(columns, "duration_ms"))
    properties = decoded.properties if everything else [decoded.properties[row] for row in accepted]
    return Events(columns, properties)


def _dead_letters(decoded: Decoded, records: _Records, codes: NDArray[np.int8]) -> list[DeadLetter]:
    """Gather what was rejected by the decoder and by the verdict, in the order of the records."""
    found = [(row, rejection.reason, rejection.detail) for row, rejection in decoded.rejects]
    for number in np.flatnonzero(codes > DUPLICATE):
        row = int(decoded.rows[number])
        found.append((row, REASONS[int(codes[number])], _time_detail(decoded.times[number], records.times[row])))
    return [
        DeadLetter(
            int(records.partitions[row]),
            int(records.offsets[row]),
            int(records.times[row]),
            reason,
            detail,
            records.values[row],
        )
        for row, reason, detail in sorted(found)
    ]


def _time_detail(event_time: int, record_time: int) -> str:
    seconds = (int(event_time) - int(record_time)) / 1000
    return f"the event's time lies {abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} its Kafka record's"
