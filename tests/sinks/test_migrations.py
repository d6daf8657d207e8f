"""Migrations on a real database: forward only, run again without effect, and retention and views as the files say."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from sinks import retention
from sinks.clickhouse import ClickHouse
from sinks.migrations import HISTORY, SQL, MigrationError, _record, in_order, migrate, migrations, pending, run_file

_numbers = count()


@pytest.fixture
def empty(clickhouse_url: str) -> Iterator[ClickHouse]:
    """A database without a table."""
    name = f"empty_{next(_numbers)}"
    server = ClickHouse(clickhouse_url, "default", "", "default")
    server.command(f"CREATE DATABASE {name}")
    server.close()
    store = ClickHouse(clickhouse_url, "default", "", name)
    yield store
    store.close()


@pytest.fixture
def sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small folder of SQL in the place of the real one."""
    folder = tmp_path / "sql"
    for name in ("migrations", "functions", "views"):
        (folder / name).mkdir(parents=True)
    write(
        folder, "migrations/0001_first", "CREATE TABLE IF NOT EXISTS a_rows (a UInt64) ENGINE = MergeTree ORDER BY a;"
    )
    write(folder, "views/seen", "CREATE OR REPLACE VIEW seen AS SELECT a FROM a_rows;")
    monkeypatch.setattr("sinks.migrations.SQL", folder)
    monkeypatch.setattr("sinks.migrations.migrations.__defaults__", (folder / "migrations",))
    return folder


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.sql").write_text(f"{text}\n")


def history(store: ClickHouse) -> list[tuple[object, ...]]:
    return store.query("SELECT number, name, digest, applied_at FROM schema_migrations ORDER BY number, applied_at")


@pytest.mark.service
def test_all_are_applied_and_recorded_once_and_a_second_run_applies_none(empty: ClickHouse) -> None:
    names = [migration.name for migration in migrations()]
    assert pending(empty) == names
    assert [step for step in migrate(empty) if "/" not in step] == names
    assert pending(empty) == []
    recorded = history(empty)
    assert [row[:3] for row in recorded] == [(m.number, m.name, m.digest) for m in migrations()]
    again = list(migrate(empty))
    assert [step for step in again if "/" not in step] == []
    assert history(empty) == recorded
    made = {path.stem for path in (SQL / "views").glob("*.sql")}
    assert {step.removeprefix("views/") for step in again if step.startswith("views/")} == made
    found = empty.query("SELECT name FROM system.tables WHERE database = currentDatabase()")
    assert made <= {name for (name,) in found}


@pytest.mark.service
def test_every_migration_can_be_interrupted_and_run_again(store: ClickHouse) -> None:
    """Each statement may run twice, so what was not recorded is simply run once more."""
    for migration in migrations():
        run_file(store, migration.text)
    assert pending(store) == []


@pytest.mark.service
@pytest.mark.parametrize("before", range(1, len(migrations())), ids=lambda number: f"from {number:04}")
def test_a_database_of_any_earlier_number_is_brought_up_to_date_and_keeps_its_rows(
    empty: ClickHouse, before: int
) -> None:
    empty.command(HISTORY)
    for migration in migrations()[:before]:
        run_file(empty, migration.text)
        _record(empty, migration)
    tables = [name for (name,) in empty.query(ROW_TABLES)]
    for name in tables:
        _insert_a_row(empty, name)
    assert [step for step in migrate(empty) if "/" not in step] == [m.name for m in migrations()[before:]]
    assert {name: empty.query(f"SELECT count() FROM {name} FINAL")[0][0] for name in tables} == dict.fromkeys(tables, 1)


ROW_TABLES = "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE '%\\_rows' ORDER BY name"


def _insert_a_row(store: ClickHouse, table: str) -> None:
    """Insert a row of today; the rest are defaults."""
    columns = {
        name
        for (name,) in store.query(
            f"SELECT name FROM system.columns WHERE table = '{table}' AND database = currentDatabase()"
        )
    }
    time = next(name for name in ("window_start", "time", "received_at", "noticed_at") if name in columns)
    store.command(f"INSERT INTO {table} ({time}, partition) SELECT now(), 3")


@pytest.mark.service
def test_only_what_is_missing_is_applied(empty: ClickHouse, sql: Path) -> None:
    assert list(migrate(empty)) == ["0001_first", "views/seen"]
    empty.command("INSERT INTO a_rows SELECT 7")
    write(sql, "migrations/0002_second", "ALTER TABLE a_rows ADD COLUMN IF NOT EXISTS b UInt64 DEFAULT a + 1;")
    write(sql, "views/seen", "CREATE OR REPLACE VIEW seen AS SELECT a, b FROM a_rows;")
    assert pending(empty) == ["0002_second"]
    assert list(migrate(empty)) == ["0002_second", "views/seen"]
    assert empty.query("SELECT * FROM seen") == [(7, 8)]


@pytest.mark.service
def test_a_migration_that_was_changed_after_it_landed_is_refused(empty: ClickHouse, sql: Path) -> None:
    list(migrate(empty))
    write(sql, "migrations/0001_first", "DROP TABLE a_rows;")
    with pytest.raises(
        MigrationError, match="0001_first was changed after it was applied; add a new migration instead"
    ):
        list(migrate(empty))
    assert empty.query("SELECT count() FROM a_rows") == [(0,)]


@pytest.mark.service
def test_a_database_that_is_ahead_is_refused(empty: ClickHouse, sql: Path) -> None:
    write(sql, "migrations/0002_second", "SELECT 1;")
    list(migrate(empty))
    (sql / "migrations" / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match=r"has migrations \[2\].*use a newer one"):
        list(migrate(empty))


@pytest.mark.service
def test_one_that_fails_is_not_recorded_and_the_next_run_goes_on_with_it(empty: ClickHouse, sql: Path) -> None:
    write(sql, "migrations/0002_second", "SELECT no_such_column FROM a_rows;")
    with pytest.raises(Exception, match="no_such_column"):
        list(migrate(empty))
    assert [row[0] for row in history(empty)] == [1]
    write(sql, "migrations/0002_second", "SELECT a FROM a_rows;")
    assert list(migrate(empty)) == ["0002_second", "views/seen"]


@pytest.mark.parametrize("names", [("0002_b",), ("0001_a", "0003_c"), ("0001_a", "0001_b")])
def test_numbers_with_gaps_or_twice_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        write(tmp_path, name, "SELECT 1;")
    with pytest.raises(MigrationError, match="without gaps"):
        migrations(tmp_path)


def test_a_view_comes_after_what_it_uses(tmp_path: Path) -> None:
    write(tmp_path, "a_last", "CREATE VIEW a_last AS SELECT * FROM m_middle; -- JOIN z_unused")
    write(tmp_path, "m_middle", "CREATE VIEW m_middle AS SELECT z_first(a) FROM rows;")
    write(tmp_path, "z_first", "CREATE FUNCTION z_first AS x -> x;")
    assert [path.stem for path in in_order(tmp_path.glob("*.sql"))] == ["z_first", "m_middle", "a_last"]


@pytest.mark.service
def test_retention_is_made_as_the_file_says_and_then_left_alone(empty: ClickHouse, tmp_path: Path) -> None:
    list(migrate(empty))
    # The file that is shipped says what migrations make.
    assert retention.changes(empty, retention.read_days(retention.FILE)) == []
    shorter = retention.read_days(retention_file(tmp_path, "default = 400\nevents_rows = 3\nledger_rows = 90"))
    done = set(retention.apply(empty, shorter))
    assert done >= {"retention/events_rows: 30 -> 3 days", "retention/ledger_rows: 800 -> 90 days"}
    assert "+ toIntervalDay(3)" in ttl(empty, "events_rows")
    assert "inserted_at + " in ttl(empty, "events_rows")
    assert "window_start + toIntervalDay(90)" in ttl(empty, "ledger_rows")
    assert list(retention.apply(empty, shorter)) == []
    # A later migrate keeps what was set.
    list(migrate(empty))
    assert retention.changes(empty, shorter) == []


@pytest.mark.service
@pytest.mark.parametrize("table", ["no_such_rows", "erasures"])
def test_a_table_without_retention_in_the_file_is_refused(store: ClickHouse, table: str) -> None:
    with pytest.raises(MigrationError, match=f"no such tables with a retention.*{table}"):
        retention.changes(store, {"default": 400, table: 3})


@pytest.mark.parametrize(
    "text", ["events_rows = 3", "default = 0", "default = 1.5", "default = true", "default = 400\na = '3'", "default ="]
)
def test_a_file_that_is_not_one_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(MigrationError, match=r"retention\.toml"):
        retention.read_days(retention_file(tmp_path, text))


def test_a_file_without_its_section_is_told_how_to_write_it(tmp_path: Path) -> None:
    shutil.copy(SQL / "retention.toml", file := tmp_path / "retention.toml")
    file.write_text(file.read_text().replace("[days]", "[hours]"))
    with pytest.raises(MigrationError, match=r"write a section \[days\]"):
        retention.read_days(file)


def retention_file(folder: Path, text: str) -> Path:
    path = folder / "retention.toml"
    path.write_text(f"[days]\n{text}\n")
    return path


def ttl(store: ClickHouse, table: str) -> str:
    rows = store.query(f"SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = '{table}'")
    return str(rows[0][0])
