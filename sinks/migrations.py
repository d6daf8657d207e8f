"""Brings a ClickHouse database to the state that this program expects: numbered migrations, then functions and views."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Protocol

from sinks.described import with_comment

SQL = Path(__file__).resolve().parent.parent / "sql"
HISTORY = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    number     UInt32,
    name       String,
    digest     String COMMENT 'SHA-256 of the file',
    applied_at DateTime DEFAULT now()
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY number
"""


class MigrationError(Exception):
    """The database and the migrations contradict each other; the message says how."""


class Database(Protocol):
    """What migrations need of a database."""

    def command(self, statement: str) -> Any:
        """Run one statement."""

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a query and give its rows."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of its text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations(folder: Path = SQL / "migrations") -> list[Migration]:
    """Read the migrations, in their order.

    Raises:
        MigrationError: the numbers are not 1, 2, 3 …
    """
    found = [Migration(int(path.name[:4]), path.stem, path.read_text()) for path in sorted(folder.glob("*.sql"))]
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise MigrationError(f"migrations are to be numbered 1, 2, 3 … without gaps, found {numbers}")
    return found


def migrate(database: Database) -> Iterator[str]:
    """Apply what is missing and make functions and views anew; yields the name of each step after it is done.

    Forward only and idempotent: every statement may run again, so an interrupted migration is simply run again.

    Raises:
        MigrationError: an applied migration was changed, or the database is ahead of this program.
    """
    database.command(HISTORY)
    applied = dict(database.query("SELECT number, digest FROM schema_migrations FINAL"))
    known = migrations()
    if ahead := sorted(set(applied) - {migration.number for migration in known}):
        raise MigrationError(f"the database has migrations {ahead}, which this program does not know: use a newer one")
    for migration in known:
        if migration.number not in applied:
            run_file(database, migration.text)
            _record(database, migration)
            yield migration.name
        elif applied[migration.number] != migration.digest:
            raise MigrationError(f"{migration.name} was changed after it was applied; add a new migration instead")
    for path in in_order((SQL / "functions").glob("*.sql")):
        run_file(database, path.read_text())
        yield f"functions/{path.stem}"
    for path in in_order((SQL / "views").glob("*.sql")):
        database.command(with_comment(path.read_text()))
        yield f"views/{path.stem}"


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Order functions and views so that what one of them uses comes before it.

    Raises:
        graphlib.CycleError: two of them use each other.
    """
    found = {path.stem: path for path in sorted(paths)}
    texts = {name: re.sub(r"--[^\n]*", "", path.read_text()) for name, path in found.items()}
    uses = {
        name: {
            other for other in texts if other != name and re.search(rf"(?:FROM|JOIN|,)\s+{other}\b|\b{other}\(", text)
        }
        for name, text in texts.items()
    }
    return [found[name] for name in TopologicalSorter(uses).static_order()]


def pending(database: Database) -> list[str]:
    """Name the migrations that a database still lacks."""
    exists = database.query(
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'"
    )
    applied = (
        {row[0] for row in database.query("SELECT number FROM schema_migrations FINAL")} if exists[0][0] else set()
    )
    return [migration.name for migration in migrations() if migration.number not in applied]


def run_file(database: Database, text: str) -> None:
    """Run the statements of a file."""
    for statement in statements(text):
        database.command(statement)


def statements(text: str) -> Iterator[str]:
    """Give the statements of a file; each ends with a semicolon at the end of a line."""
    for statement in re.split(r";[ \t]*(?:\n|$)", text):
        if re.sub(r"--[^\n]*", "", statement).strip():
            yield statement.strip()


def _record(database: Database, migration: Migration) -> None:
    database.command(
        "INSERT INTO schema_migrations (number, name, digest) "
        f"SELECT {migration.number}, '{migration.name}', '{migration.digest}'"
    )
