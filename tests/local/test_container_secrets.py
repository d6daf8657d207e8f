"""`make secrets`: random, readable by few, and never overwritten."""

import hashlib
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli.person_ids import person_ids
from cli.settings import Settings
from local.container_secrets import USERS, SecretsExistError, make_secrets

REPOSITORY = Path(__file__).parents[2]


def variables(root: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(\S+)$", (root / ".env").read_text(), re.MULTILINE))


def test_they_are_random_and_only_few_may_read_them(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        made = make_secrets(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    files = [path for path in made if path.parent.name == "secrets"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o640}
    values = [path.read_text().strip() for path in files]
    assert len(set(values)) == len(values) == 5
    assert all(len(value) >= 32 for value in values)
    other = tmp_path / "other"
    other.mkdir()
    make_secrets(other)
    assert not set(values) & {path.read_text().strip() for path in (other / "secrets").iterdir()}


def test_the_environment_has_digests_and_no_secret(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    found = variables(tmp_path)
    for user in USERS:
        password = (tmp_path / "secrets" / f"clickhouse_{user}_password").read_text().strip()
        assert found[f"CLICKHOUSE_{user.upper()}_SHA256"] == hashlib.sha256(password.encode()).hexdigest()
    text = (tmp_path / ".env").read_text()
    assert not [path.name for path in (tmp_path / "secrets").iterdir() if path.read_text().strip() in text]


def test_the_key_is_one_that_the_pipeline_takes(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    ids = person_ids(Settings(pseudonym_key_file=tmp_path / "secrets" / "pseudonym_key"))
    assert ids.fingerprint != "plain"


@pytest.mark.parametrize("left", [".env", "secrets"])
def test_what_is_there_stays(tmp_path: Path, left: str) -> None:
    make_secrets(tmp_path)
    gone = tmp_path / {".env": "secrets", "secrets": ".env"}[left]
    for path in [*gone.glob("*"), gone]:
        path.rmdir() if path.is_dir() else path.unlink()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(SecretsExistError, match="stays as it is"):
        make_secrets(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_it_runs_before_anything_is_installed(tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-m", "local.container_secrets"]
    environment = {"PYTHONPATH": str(REPOSITORY)}
    done = [
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30, check=False)
        for _ in range(2)
    ]
    assert [run.returncode for run in done] == [0, 1]
    assert "is there and stays as it is" in done[1].stderr
