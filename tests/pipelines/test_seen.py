"""What outlasts a process of the seen ids: sealed files, their loss and damage, and when they may be deleted."""

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from pipelines.dedup import ids_of
from pipelines.seen import GENERATIONS, Seen, SeenStateError
from pipelines.shard import KEPT_RETIRED, Shard, ShardConfig
from tests.pipelines.driver import micro_batch
from tests.pipelines.oracle import Record
from tests.pipelines.streams import GOOD, value_of

HORIZON = 1_000
GENERATION = HORIZON // GENERATIONS
SEAL_AT = 10


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.seen.SEAL_AT", SEAL_AT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ids"


def see(seen: Seen, first: int, count: int, watermark: int) -> list[bool]:
    """Show `count` ids, named for their offsets, at one watermark."""
    offsets = np.arange(first, first + count)
    known: list[bool] = seen.see(ids_of([str(o) for o in offsets]), np.full(count, watermark), offsets).tolist()
    return known


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_full_piece_is_sealed_into_a_file_named_for_its_offsets(folder: Path) -> None:
    seen = Seen(3, folder, HORIZON)
    see(seen, 100, SEAL_AT - 1, 0)
    assert files(folder) == []
    see(seen, 100 + SEAL_AT - 1, 1, 0)
    assert files(folder) == ["3-100-109.ids"]
    assert seen.names() == {"3-100-109.ids"}


def test_a_snapshot_holds_no_sealed_id_and_a_restored_one_knows_all(folder: Path) -> None:
    seen = Seen(0, folder, HORIZON)
    for first in range(0, 75, 5):
        see(seen, first, 5, 0)
    state = pickle.dumps(seen.snapshot())
    assert len(state) < 16 * 25
    restored = Seen(0, folder, HORIZON)
    restored.restore(pickle.loads(state))  # noqa: S301 - our own bytes
    assert all(see(restored, 0, 75, 0))
    assert not any(see(restored, 75, 5, 0))


def test_what_is_sealed_after_a_crash_is_what_was_sealed_before(folder: Path) -> None:
    seen = Seen(0, folder, HORIZON)
    see(seen, 0, 4, 0)
    state = seen.snapshot()
    see(seen, 4, 6, 0)
    before = (folder / "0-0-9.ids").read_bytes()
    (folder / "0-0-9.ids").unlink()
    again = Seen(0, folder, HORIZON)
    again.restore(state)
    see(again, 4, 6, 0)
    assert (folder / "0-0-9.ids").read_bytes() == before


def sealed_state(folder: Path) -> dict[str, object]:
    seen = Seen(0, folder, HORIZON)
    see(seen, 0, SEAL_AT, 0)
    return seen.snapshot()


def test_a_missing_file_is_refused(folder: Path) -> None:
    state = sealed_state(folder)
    (folder / "0-0-9.ids").unlink()
    with pytest.raises(SeenStateError, match=r"0-0-9\.ids is missing.*backup"):
        Seen(0, folder, HORIZON).restore(state)


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_file_is_refused(folder: Path, damage: bytes | None) -> None:
    state, path = sealed_state(folder), folder / "0-0-9.ids"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content) if damage is None else damage)
    with pytest.raises(SeenStateError, match=r"0-0-9\.ids is damaged.*backup"):
        Seen(0, folder, HORIZON).restore(state)


def test_a_file_is_forgotten_with_its_last_generation_and_deleted_some_snapshots_later(folder: Path) -> None:
    seen = Seen(0, folder, HORIZON)
    see(seen, 0, SEAL_AT, 0)
    see(seen, 100, 1, GENERATION * GENERATIONS)
    assert seen.snapshot()["sealed"] == [(0, "0-0-9.ids")]
    see(seen, 101, 1, GENERATION * (GENERATIONS + 1))
    assert seen.snapshot()["sealed"] == []
    for _ in range(3):
        seen.discard_retired(keep=3)
        assert files(folder) == ["0-0-9.ids"]
    seen.discard_retired(keep=3)
    assert files(folder) == []


def test_however_much_is_forgotten_between_two_snapshots_the_older_one_stays_whole(folder: Path) -> None:
    """A replay runs through days in seconds: many files are sealed and forgotten between two snapshots."""
    seen = Seen(0, folder, HORIZON)
    watermark = first = 0
    for _ in range(5):
        state = seen.snapshot()
        seen.discard_retired(KEPT_RETIRED)
        for _ in range(12):
            watermark, first = watermark + GENERATION, first + SEAL_AT
            see(seen, first, SEAL_AT, watermark)
        # The newer snapshot is made, but a crash may come before it is durable.
        seen.discard_retired(KEPT_RETIRED)
        Seen(0, folder, HORIZON).restore(state)
    assert len(files(folder)) <= 60


class Process:
    """A shard that is stopped and started again over one folder; each record is a step and a generation."""

    def __init__(self, folder: Path) -> None:
        self._config = ShardConfig(folder)
        self.start(None)
        self.offset = 0

    def start(self, state: bytes | None) -> None:
        self._shard = Shard(self._config, (), ())
        if state is not None:
            self._shard.restore(pickle.loads(state))  # noqa: S301 - our own bytes

    def step(self, advance: int) -> bytes:
        """Read SEAL_AT events and give the snapshot after them."""
        records = list(self._records(advance))
        self._shard.step([micro_batch(records)], 0.0)
        return pickle.dumps(self._shard.snapshot())

    def _records(self, advance: int) -> Iterator[Record]:
        for _ in range(SEAL_AT):
            time = 1_795_000_000_000 + self.offset // SEAL_AT * advance
            yield Record(0, self.offset, time, value_of(GOOD[0], f"m-{self.offset}", time))
            self.offset += 1


def names(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if path.endswith(".ids")]


def test_files_that_no_snapshot_names_are_deleted_once_none_from_before_is_left(folder: Path) -> None:
    process = Process(folder)
    state = process.step(0)
    (folder / "0-5000-5001.ids").write_bytes(b"of a run that crashed")
    process.start(state)
    for _ in range(KEPT_RETIRED):
        process.step(0)
    assert "0-5000-5001.ids" in files(folder)
    process.step(0)
    assert "0-5000-5001.ids" not in files(folder)
    assert len(names(files(folder))) == KEPT_RETIRED + 2


@pytest.mark.parametrize("advance", [60_000, 400_000, 1_300_000])
def test_the_last_durable_snapshot_is_whole_whenever_the_process_dies(folder: Path, advance: int) -> None:
    """At every step: the snapshot before the newest, and some older ones, can be taken up."""
    process = Process(folder)
    states = [process.step(advance)]
    for _ in range(4):
        process.start(states[-1])
        for _ in range(KEPT_RETIRED + 4):
            states.append(process.step(advance))
            for state in states[-3:-1]:
                Shard(ShardConfig(folder), (), ()).restore(pickle.loads(state))  # noqa: S301 - our own bytes
