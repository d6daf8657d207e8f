"""The comparison finds the tables of a real database equal, and whatever is spoilt in them it reports."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from chaos.recount.compare import Comparison, Query, check
from chaos.recount.records import Rules
from chaos.recount.recount import TABLES, Expected, recount
from chaos.recount.report import Compared, Report
from chaos.recount.table import Kind, Table
from sinks.clickhouse import ClickHouse
from tests.chaos.recount.shard import Streams
from tests.chaos.recount.simulated import sent, shared_out
from tests.endpoint import PARTITIONS, feed, migrated, running_endpoint

pytestmark = pytest.mark.service

KINDS = ("lost", "extra", "twice", "differing")
Answers = dict[str, list[tuple[Any, ...]]]
NAMES = {table.name: table for table in TABLES}


@dataclass(frozen=True, slots=True)
class World:
    """What was sent, the database that holds what the pipeline made of it, and what the recount expects."""

    store: ClickHouse
    streams: Streams
    expected: list[Expected]
    answers: Answers
    """Every query of a comparison, and what the database answered."""

    def answer(self, table: Table) -> tuple[str, list[tuple[Any, ...]]]:
        """Give the first query for rows of a table that has an answer, and the answer."""
        return next(
            (statement, rows)
            for statement, rows in self.answers.items()
            if f" FROM {table.name} FINAL WHERE" in statement and rows and "SELECT count()" not in statement
        )

    def when_answered(self, table: Table, statement: str, rows: list[tuple[Any, ...]]) -> Compared:
        """Compare a table once more, with another answer to one query."""
        (found,) = compared(self.expected, (self.answers | {statement: rows}).__getitem__, (table,)).tables
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    records = sent(7, 20_000)
    streams = shared_out(records, PARTITIONS)
    with running_endpoint(tmp_path_factory.mktemp("clickhouse")) as url, migrated(url, "recounted") as store:
        feed(store, records)
        expected = [recount(partition, own, Rules(), None) for partition, own in streams.items()]
        world = World(store, streams, expected, {})

        def remembered(statement: str) -> list[tuple[Any, ...]]:
            world.answers[statement] = store.query(statement)
            return world.answers[statement]

        assert compared(world.expected, remembered).is_equal
        yield world


def compared(expected: Sequence[Expected], query: Query, tables: Sequence[Table] = TABLES) -> Report:
    comparison = Comparison(query, tables)
    for own in expected:
        comparison.compare(own)
    return comparison.report()


def counts(own: Compared) -> dict[str, int]:
    """Give how many differences of which kind a table has."""
    return {kind: own.differences[kind].count for kind in KINDS}


def only(kind: str, number: int = 1) -> dict[str, int]:
    return {**dict.fromkeys(KINDS, 0), kind: number}


def test_what_the_pipeline_wrote_is_what_the_recount_expects(world: World) -> None:
    report = check(world.streams, Rules(), None, world.store.query)
    assert report.is_equal, "\n".join(report.lines())
    assert all(own.expected == own.found > 0 for own in report.tables)
    sizes = sum(map(len, world.streams.values()))
    assert report.totals["received"].expected == report.totals["received"].found == sizes
    assert sum(report.totals[name].found for name in ("counted", "late", "duplicate", "rejected")) == sizes
    assert list(report.lines())[-1] == "every figure is exact"


def test_tables_are_read_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.recount.compare.PIECE", 700)
    largest = 0

    def query(statement: str) -> list[tuple[Any, ...]]:
        nonlocal largest
        rows = world.store.query(statement)
        largest = max(largest, len(rows))
        return rows

    assert compared(world.expected, query).is_equal
    assert largest < 2_000


SPOILT: dict[str, Callable[[Table], str]] = {
    "a row is missing": lambda table: f"SELECT * FROM recounted.{table.name} FINAL {_but_one(table)}",
    "another partition": lambda table: (
        f"SELECT * FROM recounted.{table.name} FINAL UNION ALL"
        f" SELECT * REPLACE (toUInt32(77) AS partition) FROM (SELECT * FROM recounted.{table.name} FINAL LIMIT 1)"
    ),
    "everything counted twice": lambda table: (
        f"SELECT * REPLACE ({_doubled(table)}) FROM recounted.{table.name} FINAL"
        if _doubled(table)
        else f"SELECT * FROM recounted.{table.name} FINAL UNION ALL SELECT * REPLACE ({_moved(table)}) "
        f"FROM recounted.{table.name} FINAL"
    ),
}


@pytest.fixture(params=SPOILT)
def spoilt(world: World, request: pytest.FixtureRequest) -> Iterator[tuple[str, Report]]:
    """A database with tables that were spoilt, all in the same way, and what the comparison says."""
    database = f"spoilt_{list(SPOILT).index(request.param)}"
    world.store.command(f"CREATE DATABASE {database}")
    for table in TABLES:
        world.store.command(f"CREATE TABLE {database}.{table.name} AS recounted.{table.name}")
        world.store.command(f"INSERT INTO {database}.{table.name} {SPOILT[request.param](table)}")

    def query(statement: str) -> list[tuple[Any, ...]]:
        return world.store.query(statement.replace(" FROM ", f" FROM {database}."))

    yield request.param, compared(world.expected, query)
    world.store.command(f"DROP DATABASE {database}")


def _but_one(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    return f"ORDER BY {key} LIMIT 1000000 OFFSET 1"


def _doubled(table: Table) -> str:
    figures = [name for name in table.columns if name not in table.key] if "version" in table.columns else []
    whole = [
        name for name in figures if name != "duration_sketch" and not name.endswith(("_ms", "_min", "_max", "_bytes"))
    ]
    return ", ".join(f"{name} * 2 AS {name}" for name in whole)


def _moved(table: Table) -> str:
    time = "received_at" if table.name == "rejected_events_rows" else "time"
    return f"{time} + INTERVAL 1 SECOND AS {time}"


def test_spoilt_tables_are_reported(world: World, spoilt: tuple[str, Report]) -> None:
    how, report = spoilt
    assert not report.is_equal
    rows = {table.name: sum(len(own.rows[table.name]) for own in world.expected) for table in TABLES}
    match how:
        case "a row is missing":
            assert {own.name: counts(own) for own in report.tables} == {name: only("lost") for name in rows}
            assert report.totals["received"].lost > 0
        case "another partition":
            assert {own.name: counts(own) for own in report.tables} == {name: only("extra") for name in rows}
        case _:
            kept = {name for name in rows if "version" not in NAMES[name].columns}
            assert {own.name: counts(own) for own in report.tables} == {
                name: only("twice" if name in kept else "differing", number) for name, number in rows.items()
            }
            assert report.totals["counted"].twice == report.totals["counted"].expected > 0


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_any_changed_figure_is_reported(world: World, table: Table) -> None:
    """Change each column of one row in the database's answer."""
    statement, rows = world.answer(table)
    for place, (name, kind) in enumerate(table.columns.items()):
        changed = (*rows[0][:place], _other(rows[0][place], kind), *rows[0][place + 1 :])
        found = world.when_answered(table, statement, [changed, *rows[1:]])
        if name in table.key:
            assert counts(found) == {**only("lost"), "extra": 1}, name
        else:
            assert counts(found) == only("differing"), name
            assert f"{name} is " in found.differing.examples[0]


def _other(value: Any, kind: Kind) -> Any:
    if kind is Kind.JSON:
        return value.replace("{", '{"more":1,', 1) if value != "{}" else '{"more":1}'
    if kind is Kind.TEXTS:
        return [*value, "u-1"]
    if isinstance(value, bool):
        return not value
    if value is None:
        return 0
    return value + "x" if isinstance(value, str) else value + 1_000_000


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_row_that_is_answered_twice_or_not_at_all_is_reported(world: World, table: Table) -> None:
    statement, rows = world.answer(table)
    assert counts(world.when_answered(table, statement, [*rows, rows[0]])) == only("twice")
    assert counts(world.when_answered(table, statement, rows[1:])) == only("lost")


def test_json_that_only_looks_otherwise_is_the_same(world: World) -> None:
    archive = NAMES["events_rows"]
    statement, rows = world.answer(archive)
    place = list(archive.columns).index("properties")
    spaced = [(*row[:place], row[place].replace(":", " : ", 1), *row[place + 1 :]) for row in rows]
    assert spaced != rows
    assert world.when_answered(archive, statement, spaced).is_equal
