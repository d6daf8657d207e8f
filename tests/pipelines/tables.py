"""Tables in memory that keep rows as ClickHouse's ReplacingMergeTree does, with the keys that the migrations declare."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.rows import Rows

MIGRATIONS = Path(__file__).parents[2] / "sql" / "migrations"
TABLE = re.compile(
    r"CREATE TABLE IF NOT EXISTS (?P<name>\w+)\n\(\n(?P<columns>.*?)\n\)\n"
    r"ENGINE = ReplacingMergeTree(\((?P<version>\w+)\))?\n.*?ORDER BY (?P<key>\w+|\(.*?\))",
    re.DOTALL,
)
ADDED = re.compile(r"ALTER TABLE (\w+)\s+ADD COLUMN IF NOT EXISTS (\w+)")

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """What a migration says of a table: columns, those of its key, and the one that says which row is newer."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    version: str | None


@cache
def declared() -> Mapping[str, Declared]:
    """Read the tables of all migrations."""
    found = {}
    for path in sorted(MIGRATIONS.glob("*.sql")):
        for match in TABLE.finditer(path.read_text()):
            lines = (line.split() for line in match["columns"].splitlines() if line.strip())
            columns = tuple(words[0] for words in lines if words[0] != "INDEX")
            found[match["name"]] = Declared(columns, tuple(re.findall(r"\w+", match["key"])), match["version"])
        for table, column in ADDED.findall(path.read_text()):
            found[table] = replace(found[table], columns=(*found[table].columns, column))
    return found


class Tables:
    """Rows by table and key; the largest version stays."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Key, Row]] = {}

    def write(self, written: Iterable[Rows]) -> None:
        """Insert rows. A row of a version that is there already must be the very same row."""
        for rows in written:
            table, version = self._rows.setdefault(rows.table, {}), declared()[rows.table].version
            for key, row in keyed(rows.table, as_dicts(rows.data)).items():
                before = table.get(key)
                if before is None or (version is not None and row[version] > before[version]):
                    table[key] = row
                elif version is None or row[version] == before[version]:
                    assert row == before, f"{rows.table} {key}: two different rows of one version"

    def rows(self, table: str) -> dict[Key, Row]:
        """Give what a query with FINAL would see."""
        return self._rows.get(table, {})

    def all(self) -> dict[str, dict[Key, Row]]:
        """Give the rows of every table that has some."""
        return {name: rows for name, rows in self._rows.items() if rows}


def keyed(table: str, rows: Iterable[Row]) -> dict[Key, Row]:
    """Arrange rows by the table's key. Two rows with one key in one insert are a defect."""
    rows = list(rows)
    found = {tuple(row[name] for name in declared()[table].key): row for row in rows}
    assert len(found) == len(rows), f"{table}: one key twice in one insert"
    return found


def as_dicts(data: pa.Table) -> list[Row]:
    """Give rows as dicts, sketches as dicts too."""
    maps = {field.name for field in data.schema if pa.types.is_map(field.type)}
    return [{name: dict(v) if name in maps else v for name, v in row.items()} for row in data.to_pylist()]
