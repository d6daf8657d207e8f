"""A recovery store that is torn, damaged, a stranger's or cannot be written is told of, and never taken for an empty one."""

import random
import resource
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource

from pipelines.dataflow import run_flow
from pipelines.recovery_store import RecoveryStoreError, check

PART = "1/4"
EACH_STEP = timedelta(0)


def flow(found: list[tuple[str, int]], steps: int, bytes_a_step: int = 3_000) -> Dataflow:
    """Sum numbers up, with a state of some size."""

    def add(state: tuple[int, bytes] | None, number: int) -> tuple[tuple[int, bytes], int]:
        total = (state[0] if state else 0) + number
        return (total, random.Random(total).randbytes(bytes_a_step)), total

    made = Dataflow("tidegauge")
    numbers = op.input("kafka", made, TestingSource([(PART, 1)] * steps))
    sums = op.stateful_map("shard", numbers, add)
    op.output("sinks", sums, TestingSink(found))
    return made


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store that a run has left behind."""
    found: list[tuple[str, int]] = []
    folder = tmp_path / "shard-1" / "bytewax"
    run_flow(flow(found, 20), PART, folder, EACH_STEP)
    assert found[-1] == (PART, 20)
    return folder


def test_a_store_that_is_whole_is_taken_up(store: Path) -> None:
    # TestingSource counts its own way and keeps its place under the key `iterable`.
    with closing(sqlite3.connect(store / "part-0.sqlite3")) as database, database:
        database.execute("DELETE FROM snaps WHERE state_key = 'iterable'")
    check(store, PART)


def test_a_folder_without_a_store_is_well(tmp_path: Path) -> None:
    check(tmp_path, PART)


def test_the_store_of_another_shard_is_refused_by_name(store: Path) -> None:
    with closing(sqlite3.connect(store / "part-0.sqlite3")) as database, database:
        database.execute("DELETE FROM snaps WHERE state_key = 'iterable'")
    with pytest.raises(RecoveryStoreError, match=r"is of shard 1/4, and this is shard 0/4"):
        check(store, "0/4")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.6, 0.999])
def test_a_file_whose_last_bytes_are_cut_off_is_refused(store: Path, share: float) -> None:
    (file,) = store.glob("*.sqlite3")
    with file.open("r+b") as raw:
        raw.truncate(int(file.stat().st_size * share))
    with pytest.raises(RecoveryStoreError, match=r"is damaged.*backup"):
        check(store, PART)


@pytest.mark.parametrize("page", range(2))
def test_a_file_with_a_page_of_noise_is_refused(store: Path, page: int) -> None:
    (file,) = store.glob("*.sqlite3")
    with file.open("r+b") as raw:
        raw.seek(page * 4096)
        raw.write(random.Random(page).randbytes(4096))
    with pytest.raises(RecoveryStoreError, match="is damaged"):
        check(store, PART)


def test_a_file_that_cannot_be_read_is_refused(store: Path) -> None:
    (file,) = store.glob("*.sqlite3")
    file.unlink()
    file.mkdir()
    with pytest.raises(RecoveryStoreError, match="is damaged"):
        check(store, PART)


def test_a_torn_log_of_the_store_leaves_the_snapshot_before(tmp_path: Path) -> None:
    """SQLite writes to a log first; a crash in the middle of that leaves a log whose end is worth nothing."""
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    with closing(sqlite3.connect(before / "part-0.sqlite3")) as database:
        database.execute("PRAGMA journal_mode = wal")
        database.execute("CREATE TABLE snaps (state_key TEXT, value BLOB)")
        for number in range(50):
            with database:
                database.execute("INSERT INTO snaps VALUES (?, ?)", (PART, random.Random(number).randbytes(3_000)))
        shutil.copytree(before, after)
    (log,) = after.glob("*-wal")
    with log.open("r+b") as raw:
        raw.truncate(log.stat().st_size * 2 // 3)
    check(after, PART)
    with closing(sqlite3.connect(after / "part-0.sqlite3")) as database:
        (kept,) = database.execute("SELECT count(*) FROM snaps").fetchone()
    assert 0 < kept < 50


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that takes no file above 300 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    yield tmp_path
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_store_that_cannot_be_written_is_told_with_what_to_do(small_disk: Path) -> None:
    store = small_disk / "bytewax"
    with pytest.raises(RecoveryStoreError, match=r"cannot be written.*Nothing is lost.*Make room") as caught:
        run_flow(flow([], 2_000, 20_000), PART, store, EACH_STEP)
    assert str(store) in str(caught.value)
