"""Upgrade safety: the snapshot of every version that was released is taken up by today's code, and no figure shows it."""

import gzip
import pickle
import shutil
from pathlib import Path

import pytest

from pipelines.shard import SNAPSHOT_VERSION, SnapshotError
from tests.pipelines.snapshots import KEPT, decoded, finished, new_shard, written
from tests.pipelines.tables import Tables

VERSIONS = sorted(KEPT.iterdir())


def test_a_snapshot_of_this_version_is_kept() -> None:
    assert f"v{SNAPSHOT_VERSION}" in {place.name for place in VERSIONS}


@pytest.mark.parametrize("place", VERSIONS, ids=lambda place: place.name)
def test_a_run_that_went_on_from_a_kept_snapshot_is_one_that_never_stopped(place: Path, tmp_path: Path) -> None:
    records = decoded((place / "stream.gz").read_bytes())
    state = pickle.loads(gzip.decompress((place / "state.gz").read_bytes()))  # noqa: S301 - our own bytes
    half = len(records) // 2
    for file in place.glob("*.ids"):
        shutil.copy(file, tmp_path)

    calm = finished(new_shard(tmp_path / "calm"), records, Tables())
    tables = Tables()
    for _ in written(new_shard(tmp_path / "before"), records[:half], tables):
        pass
    resumed = new_shard(tmp_path)
    resumed.restore(state)
    found = finished(resumed, records[half:], tables)

    # A rollup that came later starts with the upgrade.
    known = set(state["rollups"])
    assert known
    assert {name: rows for name, rows in found.items() if name.removesuffix("_rows") in known} == {
        name: rows for name, rows in calm.items() if name.removesuffix("_rows") in known
    }
    verdicts = [row["duplicate"] for row in found["ledger_rows"].values()]
    assert sum(verdicts) > 10, "the stream has retries in it, or the remembered ids would not matter"


def test_a_snapshot_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    shard = new_shard(tmp_path)
    with pytest.raises(SnapshotError, match=f"version {SNAPSHOT_VERSION + 1}"):
        shard.restore({**shard.snapshot(), "version": SNAPSHOT_VERSION + 1})
