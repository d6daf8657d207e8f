"""What the SQL files become on a cluster: golden files, ClickHouse's own parser, and the laws that FINAL over shards rests on.

`python -m tests.sinks.test_cluster` writes the golden files anew; look at what changed before you keep it.
"""

import re
from pathlib import Path

import pytest

from sinks.clickhouse import ClickHouse
from sinks.cluster import CLUSTER_NAME, ClusterError, on_cluster, table_name
from sinks.described import with_comment
from sinks.migrations import HISTORY, SQL, migrations, statements

GOLDEN = Path(__file__).parent / "golden" / "cluster"
CLUSTER = "tide"


def rendered(text: str) -> list[str]:
    return [made for statement in statements(text) for made in on_cluster(statement, CLUSTER)]


def views() -> list[Path]:
    return sorted((SQL / "views").glob("*.sql"))


def written() -> dict[str, str]:
    """Every golden file by its name."""
    files = {migration.name: rendered(migration.text) for migration in migrations()}
    files["history"] = rendered(HISTORY)
    files["functions"] = [
        made for path in sorted((SQL / "functions").glob("*.sql")) for made in rendered(path.read_text())
    ]
    files["view_operations"] = on_cluster(with_comment((SQL / "views" / "operations.sql").read_text()), CLUSTER)
    return {name: ";\n\n".join(made) + ";\n" for name, made in files.items()}


@pytest.mark.parametrize("name", written())
def test_the_golden_file_says_what_is_made(name: str) -> None:
    assert (GOLDEN / f"{name}.sql").read_text() == written()[name]


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.sql")} == set(written())


@pytest.mark.service
def test_clickhouse_can_read_all_of_it(store: ClickHouse) -> None:
    texts = [made for text in written().values() for made in statements(text)]
    texts += [made for path in views() for made in on_cluster(with_comment(path.read_text()), CLUSTER)]
    assert len(texts) > 80
    for text in texts:
        # It fails on what is not a statement, and writes the cluster out where it was understood as one.
        quoted = text.replace("\\", "\\\\").replace("'", "\\'")
        (formatted,) = store.query(f"SELECT formatQuery('{quoted}')")[0]
        assert text.count("ON CLUSTER") == formatted.count(f"ON CLUSTER {CLUSTER}")


@pytest.mark.service
def test_every_split_table_has_the_partition_in_its_key_and_every_other_has_not(store: ClickHouse) -> None:
    """All versions of a row must lie on one shard, or FINAL would count it twice."""
    keys = store.query(
        "SELECT name, splitByString(', ', sorting_key) FROM system.tables "
        "WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    )
    assert len(keys) > 20
    for name, columns in keys:
        assert name.endswith("_rows") == ("partition" in columns), name


def test_the_plain_text_stays_within_the_replicated_one() -> None:
    """Only the engine and the name change: columns, order and expiry are those of the single server."""
    for migration in migrations():
        for statement in statements(migration.text):
            first = on_cluster(statement, CLUSTER)[0]
            back = re.sub(r"Replicated(\w+)\('[^']*', '[^']*'(?:, )?([^)]*)\)", _plain_engine, first)
            assert back.replace("_local ON CLUSTER 'tide'", "").replace(" ON CLUSTER 'tide'", "") == statement


def _plain_engine(match: re.Match[str]) -> str:
    return f"{match[1]}({match[2]})" if match[2] else match[1]


@pytest.mark.parametrize(
    ("statement", "made"),
    [
        (
            "ALTER TABLE events_rows MODIFY TTL inserted_at + INTERVAL 3 DAY",
            ["ALTER TABLE events_rows_local ON CLUSTER 'tide' MODIFY TTL inserted_at + INTERVAL 3 DAY"],
        ),
        (
            "ALTER TABLE events_rows DELETE WHERE user_id = 'a'",
            ["ALTER TABLE events_rows_local ON CLUSTER 'tide' DELETE WHERE user_id = 'a'"],
        ),
        (
            "ALTER TABLE erasures ADD COLUMN IF NOT EXISTS a UInt8",
            ["ALTER TABLE erasures ADD COLUMN IF NOT EXISTS a UInt8"],
        ),
        ("CREATE DATABASE IF NOT EXISTS gauge", ["CREATE DATABASE IF NOT EXISTS gauge ON CLUSTER 'tide'"]),
        ("SELECT 'CREATE TABLE a'", ["SELECT 'CREATE TABLE a'"]),
        ("INSERT INTO a_rows SELECT 1", ["INSERT INTO a_rows SELECT 1"]),
    ],
)
def test_other_statements(statement: str, made: list[str]) -> None:
    assert on_cluster(statement, CLUSTER) == made


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE events_rows",
        "-- why\nRENAME TABLE a TO b",
        "CREATE MATERIALIZED VIEW v TO t AS SELECT 1",
        "CREATE TABLE IF NOT EXISTS a_rows (a UInt8) ENGINE = MergeTree ORDER BY a",
        "CREATE TABLE IF NOT EXISTS a (partition UInt8) ENGINE = MergeTree ORDER BY partition",
        "CREATE TABLE IF NOT EXISTS a (b UInt8) ENGINE = Log ORDER BY b",
    ],
)
def test_what_is_not_known_is_refused(statement: str) -> None:
    with pytest.raises(ClusterError):
        on_cluster(statement, CLUSTER)


@pytest.mark.parametrize(
    ("name", "plain"), [("events_rows_local", "events_rows"), ("events_rows", "events_rows"), ("a_local", "a_local")]
)
def test_the_name_that_everybody_uses(name: str, plain: str) -> None:
    assert table_name(name) == plain


@pytest.mark.parametrize(
    ("name", "fits"), [("", True), ("{cluster}", True), ("a-b_1", True), ("a' b", False), ("1a", False)]
)
def test_names_of_clusters(name: str, fits: bool) -> None:
    assert bool(re.fullmatch(CLUSTER_NAME, name)) is fits


if __name__ == "__main__":
    for golden, text in written().items():
        (GOLDEN / f"{golden}.sql").write_text(text)
