"""The gate in front of a real database: erased persons stay out, readings are told, and another key does not slip in."""

import threading

import pyarrow as pa
import pytest

from local.ports import free_port
from sinks.clickhouse import ClickHouse, StoreAwayError
from sinks.forgotten import MILLISECONDS
from sinks.gate import Gate
from sinks.pseudonym_keys import KeyChangedError, fingerprints, settle

pytestmark = pytest.mark.service

NOW = 1_795_000_000_000
PATIENCE = 20.0


@pytest.fixture
def database(store: ClickHouse) -> ClickHouse:
    """A database in which nobody was erased and no key was used."""
    for table in ("erasures", "erasure_readers", "pseudonym_keys"):
        store.command(f"TRUNCATE TABLE {table}")
    return store


def gate(database: ClickHouse, url: str, *, key: str = "plain") -> Gate:
    return Gate(ClickHouse(url, "default", "", database.database), "events 0/1", key)


def erase(database: ClickHouse, person: str) -> None:
    moment = pa.array([NOW], MILLISECONDS)
    names = pa.array([person])
    database.insert(
        "erasures", pa.table({"person": names, "pseudonym": names, "erased_at": moment, "forgotten_until": moment})
    )


def rows(*users: str) -> pa.Table:
    return pa.table({"user_id": pa.array(users, pa.string()), "time": pa.array([NOW - 1] * len(users), MILLISECONDS)})


def passed(opened: Gate, *users: str) -> list[str]:
    with opened.admitted() as admitted:
        return list(admitted(rows(*users))["user_id"].to_pylist())


def readers(database: ClickHouse) -> list[tuple[object, ...]]:
    return database.query("SELECT reader, running FROM erasure_readers FINAL")


def test_an_erased_person_stays_out_and_others_pass(database: ClickHouse, clickhouse_url: str) -> None:
    erase(database, "gone")
    opened = gate(database, clickhouse_url)
    assert passed(opened, "here", "gone", "", "here") == ["here", "", "here"]
    opened.close()


def test_an_erasure_while_it_runs_holds_from_the_next_reading_on(database: ClickHouse, clickhouse_url: str) -> None:
    opened = gate(database, clickhouse_url)
    assert passed(opened, "gone") == ["gone"]
    erase(database, "gone")
    opened.read()
    assert passed(opened, "gone", "later") == ["later"]
    erase(database, "later")
    opened.read()
    assert passed(opened, "gone", "later") == []
    opened.close()


def test_a_list_that_is_too_old_is_read_before_anybody_passes(
    database: ClickHouse, clickhouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_000.0]
    monkeypatch.setattr("sinks.gate.time.monotonic", lambda: clock[0])
    opened = gate(database, clickhouse_url)
    opened.read()
    erase(database, "gone")
    clock[0] += 9.0
    assert passed(opened, "gone") == ["gone"]
    clock[0] += 2.0
    assert passed(opened, "gone") == []
    opened.close()


def test_it_says_that_it_has_read_and_when_it_has_ended(database: ClickHouse, clickhouse_url: str) -> None:
    opened = gate(database, clickhouse_url)
    assert readers(database) == []
    opened.read()
    assert readers(database) == [("events 0/1", True)]
    opened.close()
    assert readers(database) == [("events 0/1", False)]


def test_an_insert_and_a_reading_exclude_each_other(database: ClickHouse, clickhouse_url: str) -> None:
    """So that whoever has heard that it was read knows that what passed before is stored."""
    opened, read = gate(database, clickhouse_url), threading.Event()

    def read_and_tell() -> None:
        opened.read()
        read.set()

    thread = threading.Thread(target=read_and_tell)
    with opened.admitted():
        thread.start()
        assert not read.wait(0.1)
    assert read.wait(PATIENCE)
    thread.join(PATIENCE)
    opened.close()


def test_it_goes_on_reading_until_told_to_stop(
    database: ClickHouse, clickhouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinks.gate.EVERY_SECONDS", 0.01)
    opened, stopping = gate(database, clickhouse_url), threading.Event()
    opened.read()
    erase(database, "gone")
    thread = threading.Thread(target=opened.keep_reading, args=(stopping,))
    thread.start()
    for _ in range(500):
        if not passed(opened, "gone") or stopping.wait(0.01):
            break
    assert passed(opened, "gone") == []
    stopping.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    opened.close()


def test_nobody_passes_while_the_list_cannot_be_read() -> None:
    opened = Gate(ClickHouse(f"http://127.0.0.1:{free_port()}", "default", "", "default"), "events 0/1", "plain")
    with pytest.raises(StoreAwayError):
        passed(opened, "here")
    opened.close()


def test_another_key_is_refused_until_somebody_accepts_it(database: ClickHouse, clickhouse_url: str) -> None:
    first = gate(database, clickhouse_url, key="first")
    first.read()
    second = gate(database, clickhouse_url, key="second")
    for _ in range(2):
        with pytest.raises(KeyChangedError, match=r"key first, and this is key second.*--new-key"):
            passed(second, "here")
    assert fingerprints(database) == ["first"]
    settle(database, "second", accept_new=True)
    assert passed(second, "here") == ["here"]
    assert fingerprints(database) == ["second", "first"]
    settle(database, "second")
    assert fingerprints(database) == ["second", "first"]
    # The old one is another key now.
    with pytest.raises(KeyChangedError):
        settle(database, "first")
    first.close()
    second.close()
