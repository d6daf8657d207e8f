"""Holds the tables in ClickHouse to the recount, partition by partition and row by row.

The pipeline must have been stopped and everything written. Rows that expired, or that belong to erased persons, are no longer
there, and so count as lost.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from chaos.recount.json_values import read_any, written
from chaos.recount.letters import Letter, LetterBox
from chaos.recount.records import Record, Rules
from chaos.recount.recount import LEDGER, TABLES, VERDICTS, Expected, recount
from chaos.recount.report import Compared, Report, Total
from chaos.recount.table import Key, Kind, Row, Rows, Table

Query = Callable[[str], Sequence[Sequence[Any]]]
"""Runs a query and gives its rows; numbers and texts as Python's, as clickhouse-connect gives them."""

PIECE = 50_000
"""Rows that are read at a time."""
FORMS: Mapping[Kind, str] = {
    Kind.SECONDS: "toUnixTimestamp({})",
    Kind.MOMENT: "toUnixTimestamp64Milli({})",
    Kind.SKETCH: "toString(mapSort({}))",
    Kind.BYTES: "hex({})",
}
"""How a column is asked for in the form that the recount has; the others as they are."""


def check(
    partitions: Mapping[int, Iterable[Record]],
    rules: Rules,
    key: bytes | None,
    query: Query,
    letters: Iterable[Letter] | None = None,
) -> Report:
    """Recount a topic and compare every table with it.

    Args:
        partitions: the records of each partition, in the order of their offsets; read once, one partition after the other.
        rules: how records are judged.
        key: that pseudonyms are made with; None: ids are stored as they are.
        query: reads the tables.
        letters: everything that the dead-letter topic holds, if that is to be compared.

    Raises:
        ValueError: see `chaos.recount.recount.recount`.
    """
    comparison = Comparison(query)
    box = None if letters is None else LetterBox(letters)
    for partition, records in partitions.items():
        expected = recount(partition, records, rules, key)
        comparison.compare(expected)
        if box is not None:
            box.compare(expected.rejects)
    return comparison.report(None if box is None else box.report())


class Comparison:
    """The comparison of the tables, to be fed one partition after the other."""

    def __init__(self, query: Query, tables: Sequence[Table] = TABLES) -> None:
        """Begin one of these tables, which `query` reads."""
        self._query = query
        self._tables = {table: Compared(table.name) for table in tables}
        self._totals = {name: Total() for name in ("received", *VERDICTS)}
        self._partitions: list[int] = []

    def compare(self, expected: Expected) -> None:
        """Compare the rows of one partition."""
        self._partitions.append(expected.partition)
        for table, compared in self._tables.items():
            rows = expected.rows[table.name]
            for told, found in self._pairs(table, expected.partition, rows, compared):
                _enter(compared, table, told, found)
                if table is LEDGER:
                    self._enter_totals(told, found)

    def report(self, letters: Compared | None = None) -> Report:
        """Give the outcome; rows of partitions that were not compared are extra."""
        others = f"WHERE partition NOT IN ({', '.join(map(str, self._partitions))})" if self._partitions else ""
        for table, compared in self._tables.items():
            counts = self._query(f"SELECT partition, count() FROM {table.name} FINAL {others} GROUP BY partition")
            for partition, count in counts:
                compared.found += count
                compared.extra.add(f"partition {partition}, which nothing was sent to: {count} rows", count)
        return Report(list(self._tables.values()), self._totals, letters)

    def _pairs(
        self, table: Table, partition: int, rows: Rows, compared: Compared
    ) -> Iterator[tuple[Row | None, Row | None]]:
        """Give each row of the recount with that of the table; None where one of them has none."""
        compared.expected += len(rows)
        missing = dict(rows)
        key_of = _key_reader(table)
        for found in self._found(table, partition):
            compared.found += 1
            key = key_of(found)
            told = missing.pop(key, None)
            if told is None and key in rows:
                compared.twice.add(_shown(table, found))
            else:
                yield told, found
        yield from ((told, None) for told in missing.values())

    def _found(self, table: Table, partition: int) -> Iterator[Row]:
        """Read the rows of a partition in pieces."""
        where = f"FROM {table.name} FINAL WHERE partition = {partition}"
        ((count,),) = self._query(f"SELECT count() {where}")
        pieces = count // PIECE + 1
        columns = ", ".join(FORMS.get(kind, "{}").format(f"`{name}`") for name, kind in table.columns.items())
        key = ", ".join(f"`{name}`" for name in table.key)
        normal = _normaliser(table)
        for piece in range(pieces):
            for row in self._query(f"SELECT {columns} {where} AND cityHash64({key}) % {pieces} = {piece}"):
                yield normal(row)

    def _enter_totals(self, told: Row | None, found: Row | None) -> None:
        """Add a row of the ledger up."""
        names = list(LEDGER.columns)
        for name, total in self._totals.items():
            place = names.index(name)
            expected, there = told[place] if told else 0, found[place] if found else 0
            total.expected += expected
            total.found += there
            total.lost += max(expected - there, 0)
            total.twice += max(there - expected, 0)


def _enter(compared: Compared, table: Table, told: Row | None, found: Row | None) -> None:
    if told is None and found is not None:
        compared.extra.add(_shown(table, found))
    elif found is None and told is not None:
        compared.lost.add(_shown(table, told))
    elif told != found and told is not None and found is not None:
        compared.differing.add(_contrasted(table, told, found))


def _key_reader(table: Table) -> Callable[[Row], Key]:
    names = list(table.columns)
    places = [names.index(name) for name in table.key]
    return lambda row: tuple(row[place] for place in places)


def _normaliser(table: Table) -> Callable[[Sequence[Any]], Row]:
    """Give what brings a row that was read into the form of the recount."""
    changes = {
        place: _json if kind is Kind.JSON else tuple
        for place, kind in enumerate(table.columns.values())
        if kind in (Kind.JSON, Kind.TEXTS)
    }

    def normal(row: Sequence[Any]) -> Row:
        values = list(row)
        for place, change in changes.items():
            values[place] = change(values[place])
        return tuple(values)

    return normal


def _json(text: str) -> str:
    try:
        return written(read_any(text))
    except ValueError:
        return f"no JSON: {text}"


def _shown(table: Table, row: Row) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in zip(table.columns, row, strict=True))


def _contrasted(table: Table, told: Row, found: Row) -> str:
    """Show the key, and what differs."""
    key = dict(zip(table.key, _key_reader(table)(told), strict=True))
    pairs = zip(table.columns, told, found, strict=True)
    return f"{key}: " + "; ".join(f"{name} is {there!r}, not {own!r}" for name, own, there in pairs if own != there)
