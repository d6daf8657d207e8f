"""What the writer promises: one insert a table, in the background, and nothing lost or doubled while the store is away."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa
import pytest

from sinks.clickhouse import ClickHouse, StoreAwayError, StoreRefusedError
from sinks.writer import FIRST_PAUSE, LONGEST_PAUSE, Admission, Writer, WriterState, merged
from tests.sinks.door import CUT, Door, failure
from tests.sinks.test_clickhouse import ledger, received

pytestmark = pytest.mark.service

PATIENCE = 20.0


class Pauses(threading.Event):
    """Stands for the flag that asks to stop: waits between tries are noted and take no time, or end at a word."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []
        self.at: dict[int, Callable[[], object]] = {}

    def wait(self, timeout: float | None = None) -> bool:
        """Note a pause; what was planned for this one happens in it."""
        self.taken.append(timeout or 0.0)
        self.at.get(len(self.taken), lambda: None)()
        return self.is_set()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def state() -> WriterState:
    return WriterState()


@pytest.fixture
def writer(store: ClickHouse, door: Door, state: WriterState, pauses: Pauses) -> Iterator[Writer]:
    made = make(store, door, state, pauses)
    yield made
    made.close()


def make(
    store: ClickHouse, door: Door, state: WriterState, stopping: threading.Event, admitted: Admission | None = None
) -> Writer:
    def connect() -> ClickHouse:
        return ClickHouse(door.url, "default", "", store.database)

    return Writer(connect, state, stopping, admitted) if admitted else Writer(connect, state, stopping)


def test_a_flush_is_one_insert_a_table(writer: Writer, store: ClickHouse, door: Door, state: WriterState) -> None:
    keys = pa.table({"fingerprint": ["k"]})
    flush = [("ledger_rows", ledger(1, partition=p)) for p in (10, 11, 12)]
    writer.write([flush[0], ("pseudonym_keys", keys), *flush[1:]])
    writer.drain()
    assert sorted(door.inserts) == ["ledger_rows", "pseudonym_keys"]
    assert [received(store, p) for p in (10, 11, 12)] == [[(1,)]] * 3
    assert (state.inserts, state.rows, state.retries) == (2, 4, 0)
    writer.write([("ledger_rows", ledger(2, partition=10))])
    writer.drain()
    assert len(door.inserts) == 3


def test_the_tables_of_a_flush_are_on_their_way_at_once(writer: Writer, store: ClickHouse, door: Door) -> None:
    door.meeting = threading.Barrier(2, timeout=PATIENCE)
    writer.write([("ledger_rows", ledger(1, partition=15)), ("pseudonym_keys", pa.table({"fingerprint": ["met"]}))])
    writer.drain()
    assert not door.meeting.broken, "an insert was answered before the next one came"
    assert received(store, 15) == [(1,)]


def test_an_empty_flush_asks_nothing(writer: Writer, door: Door) -> None:
    writer.write([])
    writer.drain()
    assert door.inserts == []


def test_rows_of_a_table_are_laid_together_in_their_order() -> None:
    one, two, other = (pa.table({"a": [n]}) for n in (1, 2, 3))
    found = merged([("t", one), ("u", other), ("t", two)])
    assert {name: rows["a"].to_pylist() for name, rows in found.items()} == {"t": [1, 2], "u": [3]}


def test_while_the_store_is_away_it_tries_again_with_growing_pauses_and_then_each_row_is_there_once(
    writer: Writer, store: ClickHouse, door: Door, state: WriterState, pauses: Pauses
) -> None:
    door.away.set()
    away: list[bool] = []
    pauses.at = {
        n: lambda: away.append(state.away_seconds() >= 0.0 and state.away_since is not None) for n in range(1, 9)
    }
    pauses.at[9] = door.away.clear
    flush = [("ledger_rows", ledger(4, partition=p)) for p in range(20, 25)]
    writer.write(flush)
    writer.drain()
    assert pauses.taken == [min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(9)]
    assert pauses.taken[-1] == LONGEST_PAUSE
    assert away == [True] * 8
    assert (state.retries, state.away_seconds(), state.inserts, state.rows) == (9, 0.0, 1, 5)
    assert [received(store, p) for p in range(20, 25)] == [[(4,)]] * 5
    # The next failure begins with a short pause again.
    door.script.append(failure(252))
    writer.write(flush)
    writer.drain()
    assert pauses.taken[-1] == FIRST_PAUSE


def test_a_flush_half_stored_when_the_store_goes_away_is_stored_whole(
    writer: Writer, store: ClickHouse, door: Door, pauses: Pauses
) -> None:
    door.stored = True
    door.script.extend([CUT] * 3)
    flush = [("ledger_rows", ledger(6, partition=30)), ("pseudonym_keys", pa.table({"fingerprint": ["half"]}))]
    pauses.at = {1: door.script.clear}
    writer.write(flush)
    writer.drain()
    assert received(store, 30) == [(6,)]
    assert store.query("SELECT DISTINCT fingerprint FROM pseudonym_keys WHERE fingerprint = 'half'") == [("half",)]


def test_away_seconds_count_from_the_first_failure(
    writer: Writer, door: Door, state: WriterState, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state.away_seconds() == 0.0
    clock = [100.0]
    monkeypatch.setattr("sinks.writer.time.monotonic", lambda: clock[0])
    shown: list[float] = []

    def an_hour_passes() -> None:
        clock[0] += 3600
        shown.append(state.away_seconds())

    door.script.extend([failure(252)] * 2)
    pauses.at = {1: an_hour_passes, 2: an_hour_passes}
    writer.write([("ledger_rows", ledger(1, partition=40))])
    writer.drain()
    assert shown == [3600.0, 7200.0]
    assert state.away_seconds() == 0.0


def test_a_stop_while_the_store_is_away_raises_and_promises_nothing(
    store: ClickHouse, door: Door, state: WriterState, pauses: Pauses
) -> None:
    writer = make(store, door, state, pauses)
    door.away.set()
    pauses.at = {2: pauses.set}
    writer.write([("ledger_rows", ledger(1, partition=50))])
    with pytest.raises(StoreAwayError):
        writer.drain()
    assert len(pauses.taken) == 2
    assert state.retries == 3, "asked to stop in a pause, it tries once more"
    assert received(store, 50) == []
    writer.close()


def test_a_stop_in_a_pause_stores_everything_if_the_store_is_back(
    writer: Writer, store: ClickHouse, door: Door, pauses: Pauses
) -> None:
    door.away.set()

    def back_and_stop() -> None:
        door.away.clear()
        pauses.set()

    pauses.at = {2: back_and_stop}
    writer.write([("ledger_rows", ledger(1, partition=55))])
    writer.drain()
    assert received(store, 55) == [(1,)]


def test_a_refused_insert_raises_at_once_and_is_not_tried_again(
    writer: Writer, door: Door, state: WriterState, pauses: Pauses
) -> None:
    writer.write([("no_such_rows", ledger(1))])
    with pytest.raises(StoreRefusedError, match="no_such_rows"):
        writer.drain()
    assert (door.inserts, pauses.taken, state.retries, state.inserts) == (["no_such_rows"], [], 0, 0)


def test_the_next_write_tells_what_became_of_the_one_before(writer: Writer, door: Door) -> None:
    writer.write([("ledger_rows", pa.table({"no_such_column": [1]}))])
    with pytest.raises(StoreRefusedError, match="no_such_column"):
        writer.write([("ledger_rows", ledger(1, partition=60))])
    assert len(door.inserts) == 1


def test_a_write_returns_at_once_and_the_next_waits_for_it(
    store: ClickHouse, door: Door, state: WriterState, pauses: Pauses
) -> None:
    """At most one flush is under way, so a store that is away stops the reader."""
    writer = make(store, door, state, pauses)
    waits, goes_on, second = threading.Event(), threading.Event(), threading.Event()
    door.script.append(failure(252))

    def hold() -> None:
        waits.set()
        goes_on.wait(PATIENCE)

    pauses.at = {1: hold}
    writer.write([("ledger_rows", ledger(1, partition=70))])
    assert waits.wait(PATIENCE)

    def write_next() -> None:
        writer.write([("ledger_rows", ledger(2, partition=70))])
        second.set()

    thread = threading.Thread(target=write_next)
    thread.start()
    assert not second.wait(0.1)
    goes_on.set()
    assert second.wait(PATIENCE)
    thread.join(PATIENCE)
    writer.close()
    assert door.inserts == ["ledger_rows"] * 3
    assert received(store, 70) == [(2,)]


def test_rows_are_asked_for_admission_at_every_try_and_only_those_stored_are_counted(
    store: ClickHouse, door: Door, state: WriterState, pauses: Pauses
) -> None:
    asked: list[int] = []

    def some(rows: pa.Table) -> pa.Table:
        asked.append(rows.num_rows)
        return rows.slice(0, len(asked) - 1)

    @contextmanager
    def admitted() -> Iterator[Callable[[pa.Table], pa.Table]]:
        yield some

    writer = make(store, door, state, pauses, admitted)
    door.script.extend([failure(252)])
    writer.write([("ledger_rows", ledger(1, partition=80))])
    writer.drain()  # nobody passes the first time, so nothing is asked of the store
    assert (asked, door.inserts, state.rows, state.inserts) == ([1], [], 0, 0)
    writer.write([("ledger_rows", ledger(1, partition=p)) for p in (81, 82, 83)])
    writer.close()
    assert (asked, door.inserts) == ([1, 3, 3], ["ledger_rows"] * 2)
    assert (state.rows, state.inserts) == (2, 1)


def test_a_flush_that_takes_long_lets_the_gate_read_between(
    store: ClickHouse, door: Door, state: WriterState, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate that is silent for too long counts as dead, and an erasure does not wait for it."""
    monkeypatch.setattr("sinks.writer.ROUND_SECONDS", -1.0)
    rounds: list[None] = []

    @contextmanager
    def admitted() -> Iterator[Callable[[pa.Table], pa.Table]]:
        rounds.append(None)
        yield lambda rows: rows

    writer = make(store, door, state, pauses, admitted)
    writer.write([("ledger_rows", ledger(3, partition=90)), ("pseudonym_keys", pa.table({"fingerprint": ["slow"]}))])
    writer.close()
    assert len(rounds) == len(door.inserts) == 2
    assert received(store, 90) == [(3,)]
    assert (state.retries, pauses.taken) == (0, [])
