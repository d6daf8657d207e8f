"""The rights of users.xml in ClickHouse's own engine: each user can do its work, and nothing that is another's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sinks.described import with_comment
from sinks.migrations import HISTORY, SQL, in_order, migrations, statements
from tests.deploy.files import REPOSITORY

ROW = "INSERT INTO tidegauge.searches_rows (window_start, partition, count, version) SELECT now(), 0, 1, 1"
LETTER = "INSERT INTO tidegauge.rejected_events_rows (received_at, offset, payload) SELECT now64(3), 1, 'as it came'"
LETTERS = "SELECT count() FROM tidegauge.rejected_events"


def everything() -> list[str]:
    """Give all that a first `tidegauge migrate` runs, and what retention and an erasure run later."""
    made = [HISTORY, *(statement for migration in migrations() for statement in statements(migration.text))]
    functions = in_order((SQL / "functions").glob("*.sql"))
    made += [statement for path in functions for statement in statements(path.read_text())]
    made += [with_comment(path.read_text()) for path in in_order((SQL / "views").glob("*.sql"))]
    return [
        "CREATE DATABASE IF NOT EXISTS tidegauge",
        "USE tidegauge",
        *made,
        # Once more: functions and views are made anew by every migration.
        *made,
        "INSERT INTO schema_migrations (number, name, digest) SELECT 1, 'a', 'b'",
        "ALTER TABLE events_rows MODIFY TTL inserted_at + INTERVAL 3 DAY",
        "ALTER TABLE events_rows DELETE WHERE user_id = 'u'",
        "SELECT count() FROM system.columns WHERE database = currentDatabase()",
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that the migrator made."""
    path = tmp_path_factory.mktemp("rights")
    answers = run("migrator", path, everything())
    assert [answer for answer in answers if answer.startswith("refused")] == []
    assert int(answers[-1]) > 300
    return path


def run(user: str, folder: Path, texts: list[str]) -> list[str]:
    command = [sys.executable, "-m", "tests.deploy.as_user", user, str(folder)]
    said = subprocess.run(
        command, cwd=REPOSITORY, input=json.dumps(texts), capture_output=True, text=True, timeout=120, check=True
    )
    answers: list[str] = json.loads(said.stdout)
    return answers


def refused(answers: list[str]) -> list[bool]:
    return ["ACCESS_DENIED" in answer or "READONLY" in answer for answer in answers]


def test_the_pipeline_inserts_and_reads_and_changes_no_table(folder: Path) -> None:
    allowed = [ROW, LETTER, LETTERS, "SELECT count() FROM tidegauge.searches", "SELECT count() FROM tidegauge.erasures"]
    answers = run("writer", folder, allowed)
    assert not any(answer.startswith("refused") for answer in answers), answers
    assert answers[2] == "1"
    forbidden = [
        "ALTER TABLE tidegauge.events_rows DELETE WHERE 1",
        "DROP TABLE tidegauge.events_rows",
        "TRUNCATE TABLE tidegauge.events_rows",
        "CREATE TABLE tidegauge.mine (a UInt8) ENGINE = MergeTree ORDER BY a",
        "CREATE DATABASE other",
        "SELECT * FROM system.users",
    ]
    assert refused(run("writer", folder, forbidden)) == [True] * len(forbidden)


def test_a_reader_reads_figures_and_no_dead_letter_and_changes_nothing(folder: Path) -> None:
    run("writer", folder, [ROW, LETTER])
    answers = run(
        "reader",
        folder,
        [LETTERS, "SELECT count() > 0 FROM tidegauge.searches", "SELECT count() > 0 FROM system.parts"],
    )
    assert answers == ["0", "1", "1"]
    forbidden = [
        ROW,
        "ALTER TABLE tidegauge.events_rows DELETE WHERE 1",
        "CREATE TABLE tidegauge.mine (a UInt8) ENGINE = MergeTree ORDER BY a",
        "SELECT * FROM system.users",
        "SELECT 1 SETTINGS max_memory_usage = 0",
        "SELECT * FROM url('http://127.0.0.1:1', 'CSV', 'a String')",
    ]
    assert refused(run("reader", folder, forbidden)) == [True] * len(forbidden)


def test_the_migrator_drops_nothing_and_makes_no_user(folder: Path) -> None:
    forbidden = [
        "DROP TABLE tidegauge.events_rows",
        "DROP DATABASE tidegauge",
        "CREATE DATABASE other",
        "CREATE USER somebody",
        "GRANT SELECT ON *.* TO default",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    ]
    assert refused(run("migrator", folder, forbidden)) == [True] * len(forbidden)
