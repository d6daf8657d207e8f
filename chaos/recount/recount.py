"""The recount of one partition: from its records, one after the other, to the rows that every table must hold of it.

Every row of every table belongs to one partition, so partitions are recounted one by one, and memory is that of the largest.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from chaos.recount.counted import COUNTED, Counting, windowed
from chaos.recount.kept import KEPT, PLACE, Kept
from chaos.recount.persons import Persons
from chaos.recount.reading import Event, read_record
from chaos.recount.records import Record, Rules
from chaos.recount.table import Kind, Rows, Table
from chaos.recount.verdicts import COUNTED as ON_TIME
from chaos.recount.verdicts import DUPLICATE, LATE, REJECTED, PartitionJudge
from schemas.reference import Rejection

VERDICTS = (ON_TIME, DUPLICATE, REJECTED, LATE)
LEDGER = windowed("ledger_rows", (), dict.fromkeys(("received", *VERDICTS), Kind.NUMBER))
REJECTS = Table(
    "rejected_events_rows",
    PLACE,
    {
        "received_at": Kind.MOMENT,
        "partition": Kind.NUMBER,
        "offset": Kind.NUMBER,
        "reason": Kind.TEXT,
        "detail": Kind.TEXT,
        "payload": Kind.BYTES,
        "persons": Kind.TEXTS,
    },
)
TABLES: tuple[Table, ...] = (
    *(counted.described for counted in COUNTED),
    *(kept.described for kept in KEPT),
    *(LEDGER, REJECTS),
)
"""Every table that the pipeline writes, as the recount knows it."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A rejected record: its place (partition, offset), why, and its bytes."""

    place: tuple[int, int]
    reason: str
    detail: str
    payload: bytes


@dataclass(slots=True)
class Expected:
    """What must be so of one partition.

    Attributes:
        partition: its number.
        rows: the rows of every table by key, as `TABLES` describes them.
        totals: how many records it has (`received`), and how many of them got which verdict.
        rejects: its rejected records.
    """

    partition: int
    rows: dict[str, Rows] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)


def recount(partition: int, records: Iterable[Record], rules: Rules, key: bytes | None) -> Expected:
    """Recount the records of one partition, given in the order of their offsets.

    Args:
        partition: its number.
        records: from the beginning of the topic.
        rules: how they are judged.
        key: that pseudonyms are made with; None: ids are stored as they are.

    Raises:
        ValueError: a record is of another partition, or its offset does not rise.
        chaos.recount.fingerprints.StrangeStatementError: a statement that the recount cannot read.
    """
    run = _Run(partition, rules, Persons(key))
    for record in records:
        run.take(record)
    return run.expected()


class _Run:
    """A recount under way."""

    def __init__(self, partition: int, rules: Rules, persons: Persons) -> None:
        self._rules, self._persons = rules, persons
        self._judge = PartitionJudge(rules)
        self._expected = Expected(partition)
        self._countings = [Counting(counted) for counted in COUNTED]
        self._kept: dict[str, Rows] = {kept.table: {} for kept in KEPT}
        self._interested: dict[str, tuple[list[Counting], list[Kept]]] = {}
        self._ledger: dict[tuple[int, int], Counter[str]] = {}
        self._rejected: Rows = {}
        self._last_offset = -1

    def take(self, record: Record) -> None:
        if record.partition != self._expected.partition or record.offset <= self._last_offset:
            raise ValueError(f"partition {self._expected.partition}: {record} after offset {self._last_offset}")
        self._last_offset = record.offset
        read = read_record(record.value, self._rules)
        verdict = read if isinstance(read, Rejection) else self._judge.verdict(read, record.time)
        if isinstance(verdict, Rejection):
            self._reject(record, verdict)
            verdict = REJECTED
        elif verdict != DUPLICATE and isinstance(read, Event):
            self._count(self._persons.hidden(read), record, late=verdict == LATE)
        self._enter(record, verdict)

    def expected(self) -> Expected:
        rows = self._expected.rows
        rows.update({counting.counted.table: counting.rows() for counting in self._countings})
        rows.update(self._kept)
        rows[LEDGER.name] = self._ledger_rows()
        rows[REJECTS.name] = self._rejected
        return self._expected

    def _count(self, event: Event, record: Record, *, late: bool) -> None:
        block = self._block(record) if late else 0
        countings, tables = self._interested_in(event.name)
        for counting in countings:
            counting.take(event, record.partition, block)
        place = (record.partition, record.offset)
        for kept in tables:
            self._kept[kept.table][place] = kept.row(event, record.time, place, late=late)

    def _interested_in(self, name: str) -> tuple[list[Counting], list[Kept]]:
        if name not in self._interested:
            countings = [own for own in self._countings if not own.counted.names or name in own.counted.names]
            self._interested[name] = countings, [kept for kept in KEPT if kept.keeps(name)]
        return self._interested[name]

    def _reject(self, record: Record, why: Rejection) -> None:
        place = (record.partition, record.offset)
        self._expected.rejects.append(Reject(place, why.reason, why.detail, record.value))
        payload, persons = record.value.hex().upper(), tuple(self._persons.named_in(record.value))
        self._rejected[place] = (record.time, *place, why.reason, why.detail, payload, persons)

    def _enter(self, record: Record, verdict: str) -> None:
        """Keep the ledger: by minute of the record's own timestamp, and by block of offsets."""
        row = self._ledger.setdefault((record.time // 60_000 * 60, self._block(record)), Counter())
        for totals in (row, self._expected.totals):
            totals["received"] += 1
            totals[verdict] += 1

    def _ledger_rows(self) -> Rows:
        rows: Rows = {}
        for (minute, block), row in self._ledger.items():
            key = (minute, self._expected.partition, block)
            rows[key] = (*key, *(row[name] for name in ("received", *VERDICTS, "received")))
        return rows

    def _block(self, record: Record) -> int:
        """Name the block of offsets that a record lies in; blocks count from 1."""
        return record.offset // self._rules.block + 1
