"""The outer wall: SQL that stays inside the database passes, what reaches outside is refused with a reason."""

import pytest

from local.clickhouse_endpoint.errors import ClickHouseError
from local.clickhouse_endpoint.guard import Guard
from local.clickhouse_endpoint.statement import parse

ALLOWED = [
    "SELECT file, url FROM t WHERE s3 IN ('x')",
    "SELECT 'file(', \"url\" FROM t -- file('/etc/passwd')",
    "SELECT engine FROM system.tables WHERE engine = 'File'",
    "SELECT * FROM numbers(3)",
    "SELECT * FROM merge('db', '^a')",
    "SELECT * FROM values('a Int8', 1)",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "FROM t SELECT a",
    "((SELECT 1)) UNION ALL (SELECT 2)",
    "CREATE TABLE t (a Int8, INDEX i a TYPE set(10)) ENGINE = ReplacingMergeTree(a) ORDER BY a",
    'CREATE TABLE t (a Int8) ENGINE "MergeTree" ORDER BY a',
    "CREATE TABLE t ENGINE Memory AS SELECT 1 AS a",
    "CREATE DATABASE d ENGINE = Atomic",
    "CREATE VIEW v AS SELECT engine FROM system.tables",
    "CREATE OR REPLACE FUNCTION f AS (x) -> x + 1",
    "CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 't')) LAYOUT(FLAT()) LIFETIME(1)",
    "INSERT INTO t VALUES ('file(')",
    "INSERT INTO t VALUES (now(), [1, 2], {'a': 1})",
    "ALTER TABLE t DELETE WHERE 1",
    "ATTACH TABLE t",
    "EXPLAIN SELECT 1",
    "OPTIMIZE TABLE t FINAL",
    "SET max_threads = 1",
]
REFUSED = [
    ("SELECT * FROM file('/etc/passwd')", "file()"),
    ("SELECT file('/etc/passwd')", "file()"),
    ("SELECT * FROM `file`('/etc/passwd')", "file()"),
    ("SELECT * FROM \"FILE\" /* x */ ('/etc/passwd')", "file()"),
    ("SELECT * FROM `fi\\x6ce`('/etc/passwd')", "backslash"),
    ("SELECT * FROM {f:Identifier}('/etc/passwd')", "parameter"),
    ("SELECT * FROM view(SELECT * FROM url('http://x', 'CSV'))", "url()"),
    ("SELECT * FROM urlCluster('c', 'http://x')", "urlcluster()"),
    ("SELECT * FROM s3Cluster('c', 'http://x')", "s3cluster()"),
    ("SELECT * FROM icebergLocal('/x')", "iceberglocal()"),
    ("SELECT * FROM remote('h', d, t)", "remote()"),
    ("SELECT * FROM executable('x', 'CSV', 'a Int8')", "executable()"),
    ("SELECT * FROM python(os)", "python()"),
    ("SELECT * FROM eval('SELECT 1')", "eval()"),
    ("SELECT aiGenerate('x')", "aigenerate()"),
    ("SELECT * FROM brandNewSource('x')", "brandnewsource()"),
    ("INSERT INTO FUNCTION file('/tmp/x', 'CSV') SELECT 1", "file()"),
    ("INSERT INTO TABLE FUNCTION url('http://x') FORMAT CSV\n1", "url()"),
    ("INSERT INTO t VALUES (file('/etc/passwd'))", "file()"),
    ("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV", "INFILE"),
    ("SELECT 1 INTO OUTFILE '/tmp/x'", "OUTFILE"),
    ("CREATE TABLE t (a Int8) ENGINE = File(CSV)", "Engine File"),
    ("CREATE TABLE t (a Int8) ENGINE URL('http://x')", "Engine URL"),
    ("CREATE TABLE t (a Int8) ENGINE = `S3`('http://x')", "Engine S3"),
    ("CREATE TABLE t ENGINE=Kafka AS SELECT 1", "Engine Kafka"),
    ("CREATE DATABASE d ENGINE = Filesystem('/etc')", "Engine Filesystem"),
    ("CREATE MATERIALIZED VIEW v ENGINE = Distributed(c, d, t) AS SELECT 1", "Engine Distributed"),
    ("CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = s3)", "disk()"),
    ("CREATE TABLE t AS file('/etc/passwd')", "file()"),
    ("ATTACH TABLE t FROM '/etc' (a Int8) ENGINE = MergeTree ORDER BY a", "FROM a path"),
    ("ALTER TABLE t FETCH PARTITION 1 FROM '/zookeeper'", "FROM a path"),
    ("CREATE DICTIONARY d (a Int8) PRIMARY KEY a SOURCE(HTTP(URL 'x')) LAYOUT(FLAT())", "from HTTP"),
    ("CREATE OR REPLACE DICTIONARY d (a Int8) PRIMARY KEY a SOURCE(executable(COMMAND 'x'))", "from EXECUTABLE"),
    ("CREATE DICTIONARY d (a Int8) PRIMARY KEY a SOURCE(CLICKHOUSE(HOST 'x' TABLE 't'))", "another host"),
    ("SYSTEM SHUTDOWN", "SYSTEM"),
    ("BACKUP TABLE t TO File('/tmp/x')", "BACKUP"),
    ("RESTORE TABLE t FROM File('/tmp/x')", "RESTORE"),
    ("GRANT SELECT ON *.* TO x", "GRANT"),
]
guard = Guard(["numbers", "brandNewSource"])


@pytest.mark.parametrize("sql", ALLOWED)
def test_sql_that_stays_inside_passes(sql: str) -> None:
    guard.check(parse(b"", sql.encode()))


@pytest.mark.parametrize(("sql", "reason"), REFUSED)
def test_sql_that_reaches_outside_is_refused(sql: str, reason: str) -> None:
    with pytest.raises(ClickHouseError) as caught:
        guard.check(parse(b"", sql.encode()))
    assert (caught.value.code, caught.value.name, caught.value.status) == (497, "ACCESS_DENIED", 403)
    assert reason.lower() in str(caught.value).lower()


@pytest.mark.parametrize(("sql", "code"), [
    ("garbage", 62),
    ("1 + 1", 62),
    ("CREATE TABLE a AS b PARALLEL WITH BACKUP TABLE a TO Null", 62),
    ("EXPLAIN INSERT INTO t VALUES (1)", 48),
])  # fmt: skip
def test_what_the_endpoint_cannot_judge_is_refused(sql: str, code: int) -> None:
    with pytest.raises(ClickHouseError) as caught:
        guard.check(parse(b"", sql.encode()))
    assert caught.value.code == code
