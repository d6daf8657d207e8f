"""Erases a person: remembers the erasure first, then deletes from every table that has a column that names persons."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pyarrow as pa

from schemas.persons import COLUMNS, LINKED, OWN, OWNERS, PROPERTIES
from sinks.clickhouse import ClickHouse
from sinks.cluster import table_name
from sinks.forgotten import MILLISECONDS
from sinks.gate import SILENT_SECONDS

DEVICE = "anonymous_id"
"""Column of devices; where no user is known, a device owns a row."""
PERSONS = "persons"
"""Column of the dead letters with the pseudonyms of those whom the payload names."""
MARGIN = timedelta(minutes=5)
"""How far ahead of its Kafka record an event may be; the default of the setting `max_ahead`."""
HOUR_MS = 3_600_000
SETTINGS: Mapping[str, int] = {"max_query_size": 16 << 20, "mutations_sync": 2}
"""Of the connection: a person of many sessions makes long statements; deletions are waited for, on every replica."""

Tables = Mapping[str, frozenset[str]]
"""Tables that name persons, each with its columns."""


@dataclass(frozen=True, slots=True)
class Names:
    """The pseudonyms under which a person stands in the tables.

    Attributes:
        person: the person's own.
        linked: for each column of LINKED those of the person's devices or sessions.
    """

    person: str
    linked: Mapping[str, frozenset[str]] = field(default_factory=lambda: dict.fromkeys(LINKED, frozenset[str]()))

    def all(self) -> set[str]:
        """Give all of them."""
        return {self.person}.union(*self.linked.values())

    def under(self, column: str) -> list[str]:
        """Give those that may stand in a column: a device may be an owner too, a session only a session."""
        return sorted({self.person} | self.linked[column if column in LINKED else DEVICE])


class Erasure:
    """The erasure of one person from one database."""

    def __init__(self, store: ClickHouse, person: str, identifier: str) -> None:
        """Look for a person.

        Args:
            store: a connection with SETTINGS and a long timeout.
            person: the pseudonym.
            identifier: the id as the application knows it; dead letters hold it as it came.
        """
        self._store, self._identifier = store, identifier
        self._tables = _tables_with_persons(store)
        self.names = Names(person)
        self._learn()

    def count(self) -> dict[str, int]:
        """Count the person's rows in each table, superseded ones included."""
        return {table: self._count(table) for table in self._tables}

    def remember(self, margin: timedelta = MARGIN) -> None:
        """Store the erasure, so that pipelines keep the person out.

        What happened before the next full hour after `margin` is never stored again: by then every event that was sent
        before the erasure has its place, and rows by the hour are kept or left out as wholes.
        """
        now = self._now()
        until = ((now + margin // timedelta(milliseconds=1)) // HOUR_MS + 1) * HOUR_MS
        names = sorted(self.names.all())
        rows = {
            "person": pa.array([self.names.person] * len(names)),
            "pseudonym": pa.array(names),
            "erased_at": pa.array([now] * len(names), MILLISECONDS),
            "forgotten_until": pa.array([until] * len(names), MILLISECONDS),
        }
        self._store.insert("erasures", pa.table(rows))

    def settle(self, wait: Callable[[list[str]], None], margin: timedelta = MARGIN) -> None:
        """Remember the erasure and return when no running pipeline can store a row of the person any more.

        Args:
            wait: called with the pipelines that have not read it yet; returns after a moment.
            margin: as for `remember`.
        """
        while True:
            self.remember(margin)
            # Taken after the insert: who has read later than this has read the erasure.
            stored = self._now()
            while pipelines := self._behind(stored):
                wait(pipelines)
            before = self.names.all()
            self._learn()
            if self.names.all() == before:
                return

    def delete(self, table: str) -> None:
        """Delete the person's rows of a table and return when they are gone, on every replica."""
        self._store.command(f"ALTER TABLE {table} DELETE WHERE {self._condition(table)}")

    def _learn(self) -> None:
        """Gather the devices and sessions that stand beside the person, and those of earlier erasures."""
        remembered = self._one_column(f"SELECT pseudonym FROM erasures WHERE person = {_quoted(self.names.person)}")
        linked = {column: {*remembered, *self.names.linked[column]} - {self.names.person} for column in LINKED}
        for table, columns in self._tables.items():
            for owner in columns.intersection(OWNERS):
                for column in columns.intersection(LINKED):
                    linked[column].update(
                        self._one_column(
                            f"SELECT DISTINCT {column} FROM {table} "
                            f"WHERE {owner} = {_quoted(self.names.person)} AND notEmpty({column})"
                        )
                    )
        self.names = Names(self.names.person, {column: frozenset(found) for column, found in linked.items()})

    def _condition(self, table: str) -> str:
        condition = is_of(self._tables[table], self.names)
        if "payload" in self._tables[table]:
            condition += f" OR match(payload, {_quoted(in_json(self._identifier))})"
        return condition

    def _count(self, table: str) -> int:
        return int(self._store.query(f"SELECT count() FROM {table} WHERE {self._condition(table)}")[0][0])

    def _behind(self, since: int) -> list[str]:
        """Name the running pipelines that have not read the erasures since a moment."""
        return self._one_column(
            "SELECT reader FROM erasure_readers FINAL WHERE running "
            f"AND read_at < fromUnixTimestamp64Milli({since}) AND read_at > now64(3) - {SILENT_SECONDS:.0f} ORDER BY reader"
        )

    def _now(self) -> int:
        return int(self._store.query("SELECT toUnixTimestamp64Milli(now64(3))")[0][0])

    def _one_column(self, query: str) -> list[str]:
        return [row[0] for row in self._store.query(query)]


def is_of(columns: Collection[str], names: Names) -> str:
    """Write the SQL condition that a row belongs to a person; `sinks.forgotten` says the same of a stream of rows."""
    own = [f"{column} IN {_list(names.under(column))}" for column in OWN if column in columns]
    unowned = [f"empty({column})" for column in OWNERS if column in columns]
    linked = [" AND ".join([f"{c} IN {_list(names.under(c))}", *unowned]) for c in LINKED if c in columns]
    inside = [
        f"JSONExtractString(properties, {_quoted(name)}) IN {_list(names.under(name))}"
        for name in (PROPERTIES if "properties" in columns else ())
    ]
    named = [f"hasAny(persons, [{_list(names.all())[1:-1]}])"] if PERSONS in columns else []
    return " OR ".join(f"({condition})" for condition in (*own, *linked, *inside, *named))


def in_json(identifier: str) -> str:
    """Write the pattern that finds an id as a JSON text or number, also where the record is cut off behind it."""
    spellings = {identifier, json.dumps(identifier, ensure_ascii=False)[1:-1], json.dumps(identifier)[1:-1]}
    either = "|".join(re.escape(spelling) for spelling in sorted(spellings))
    return rf'("|[:,\[]\s*)({either})("|[\s,}}\]]|$)'


def _tables_with_persons(store: ClickHouse) -> Tables:
    rows = store.query(
        "SELECT table, groupArray(name) FROM system.columns WHERE database = currentDatabase() AND table IN "
        "(SELECT name FROM system.tables WHERE database = currentDatabase() "
        "AND (engine LIKE '%MergeTree' OR engine = 'Distributed')) GROUP BY table ORDER BY table"
    )
    # Of a table that is split over a cluster, the part on this node is no table of its own.
    found = {table: frozenset(columns) for table, columns in rows if table_name(table) == table}
    return {table: columns for table, columns in found.items() if columns.intersection((*COLUMNS, PERSONS))}


def _list(names: Iterable[str]) -> str:
    return f"({', '.join(map(_quoted, sorted(names)))})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
