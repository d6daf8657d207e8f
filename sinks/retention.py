"""How long rows are kept: one file says it in days, and the tables are made to obey."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sinks.cluster import table_name
from sinks.migrations import SQL, Database, MigrationError

FILE = SQL / "retention.toml"
DEFAULT = "default"
TTL = re.compile(r"TTL (?P<since>.+?) \+ toIntervalDay\((?P<days>\d+)\)")


@dataclass(frozen=True, slots=True)
class Change:
    """A table that keeps its rows for another time than it should; `since` is the moment that its days count from."""

    table: str
    since: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.table}: {self.before} -> {self.after} days"


def read_days(path: Path) -> Mapping[str, int]:
    """Read the file: table -> days, and DEFAULT for the tables that it does not name.

    Raises:
        MigrationError: it is not such a file.
    """
    try:
        days = tomllib.loads(path.read_text())["days"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise MigrationError(
            f"{path}: write a section [days] with lines such as `events_rows = 30` ({error})"
        ) from None
    wrong = [name for name, value in days.items() if type(value) is not int or value < 1]
    if wrong or DEFAULT not in days:
        raise MigrationError(f"{path}: [days] needs `{DEFAULT}`, and whole days from 1 up; wrong: {wrong or DEFAULT}")
    return dict(days)


def changes(database: Database, days: Mapping[str, int]) -> list[Change]:
    """Find the tables whose retention is not what it should be. Tables that keep rows for ever are not looked at.

    Raises:
        MigrationError: the file names a table that is not there or keeps its rows for ever.
    """
    tables = database.query(
        "SELECT name, engine_full FROM system.tables "
        "WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name"
    )
    found = {table_name(name): match for name, engine in tables if (match := TTL.search(engine))}
    if unknown := sorted(days.keys() - found.keys() - {DEFAULT}):
        raise MigrationError(f"no such tables with a retention, to be taken out of the file: {', '.join(unknown)}")
    wanted = ((name, match, days.get(name, days[DEFAULT])) for name, match in found.items())
    return [Change(n, m["since"], int(m["days"]), after) for n, m, after in wanted if int(m["days"]) != after]


def apply(database: Database, days: Mapping[str, int]) -> Iterator[str]:
    """Change what is to be changed; yields what was done. Rows that are too old then go in the background."""
    for change in changes(database, days):
        database.command(f"ALTER TABLE {change.table} MODIFY TTL {change.since} + INTERVAL {change.after} DAY")
        yield f"retention/{change}"
