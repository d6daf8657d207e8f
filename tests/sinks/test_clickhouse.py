"""What the door to ClickHouse promises: an answer means stored, and a failure says whether trying again may help."""

import pyarrow as pa
import pytest

from local.ports import free_port
from sinks.clickhouse import ClickHouse, StoreAwayError, StoreRefusedError
from tests.sinks.door import CUT, Door, failure

pytestmark = pytest.mark.service

SECONDS = pa.timestamp("s", tz="UTC")


def ledger(version: int, *, partition: int = 0) -> pa.Table:
    """One row of the ledger in the state after `version` records."""
    numbers = {name: [version] for name in ("received", "counted", "version")}
    return pa.table(
        {
            "window_start": pa.array([1_795_000_020]).cast(SECONDS),
            "partition": [partition],
            "late_block": [1],
            **numbers,
        }
    )


def received(store: ClickHouse, partition: int) -> list[tuple[int, ...]]:
    return store.query(f"SELECT received FROM ledger_rows FINAL WHERE partition = {partition}")


def through(door: Door, store: ClickHouse) -> ClickHouse:
    return ClickHouse(door.url, "default", "", store.database)


def test_what_was_acknowledged_is_read_by_another_connection(store: ClickHouse, clickhouse_url: str) -> None:
    store.insert("ledger_rows", ledger(3, partition=1))
    other = ClickHouse(clickhouse_url, "default", "", store.database)
    assert received(other, 1) == [(3,)]
    other.close()


@pytest.mark.parametrize(("versions", "left"), [((5, 5), 5), ((5, 3), 5), ((3, 5), 5), ((1, 5, 2, 5), 5)])
def test_the_newest_state_wins_in_whatever_order_and_number(
    store: ClickHouse, versions: tuple[int, ...], left: int
) -> None:
    partition = 100 + int("".join(map(str, versions)))
    for version in versions:
        store.insert("ledger_rows", ledger(version, partition=partition))
    assert received(store, partition) == [(left,)]


@pytest.mark.parametrize(
    "answer",
    [
        CUT,
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nwait",
        *(failure(code) for code in (159, 202, 241, 242, 252, 999)),
    ],
)
def test_what_may_pass_is_said_to_be_away_and_the_next_try_is_stored(
    store: ClickHouse, door: Door, answer: bytes
) -> None:
    connection = through(door, store)
    # The library itself tries again on a cut connection, up to some times.
    door.script.extend([answer] * 5)
    with pytest.raises(StoreAwayError, match=r"^127\.0\.0\.1:\d+: "):
        connection.insert("ledger_rows", ledger(1, partition=2))
    door.script.clear()
    connection.insert("ledger_rows", ledger(1, partition=2))
    assert received(store, 2) == [(1,)]
    connection.close()


def test_a_lost_answer_to_a_stored_insert_is_away_and_storing_it_again_changes_nothing(
    store: ClickHouse, door: Door
) -> None:
    connection = through(door, store)
    door.stored = True
    door.script.extend([CUT] * 5)
    with pytest.raises(StoreAwayError):
        connection.insert("ledger_rows", ledger(7, partition=3))
    assert received(store, 3) == [(7,)]
    door.script.clear()
    connection.insert("ledger_rows", ledger(7, partition=3))
    assert received(store, 3) == [(7,)]
    connection.close()


def test_a_server_that_is_not_there_is_away() -> None:
    """Nothing is connected to before the first use, so a start does not fail."""
    nowhere = ClickHouse(f"http://127.0.0.1:{free_port()}", "default", "", "default")
    with pytest.raises(StoreAwayError, match=r"127\.0\.0\.1"):
        nowhere.query("SELECT 1")


@pytest.mark.parametrize(
    ("table", "rows", "said"),
    [
        ("no_such_rows", pa.table({"a": [1]}), "no_such_rows"),
        ("ledger_rows", pa.table({"no_such_column": [1]}), "no_such_column"),
    ],
)
def test_what_the_server_does_not_take_is_refused(store: ClickHouse, table: str, rows: pa.Table, said: str) -> None:
    with pytest.raises(StoreRefusedError, match=said):
        store.insert(table, rows)
    assert store.query("SELECT 1") == [(1,)]  # the connection is good again


@pytest.mark.parametrize("code", [47, 60, 516])
def test_a_code_that_does_not_pass_is_refused(store: ClickHouse, door: Door, code: int) -> None:
    connection = through(door, store)
    door.script.append(failure(code, 404))
    with pytest.raises(StoreRefusedError, match=f"{code}"):
        connection.insert("ledger_rows", ledger(1))
    connection.close()


@pytest.mark.parametrize("statement", ["DROP TABLE ledger_rows", "INSERT INTO ledger_rows (received) SELECT 1"])
def test_what_people_ask_cannot_write(store: ClickHouse, statement: str) -> None:
    with pytest.raises(StoreRefusedError):
        store.text(statement, "TSV")
    with pytest.raises(StoreRefusedError):
        store.table(statement)
    assert store.table("SELECT 1 AS one") == (("one",), [(1,)])
