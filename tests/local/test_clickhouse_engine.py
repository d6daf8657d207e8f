"""The inner wall: with the outer one left out, the engine itself refuses what reaches outside."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.clickhouse_endpoint.guard import OUTSIDE_FUNCTIONS, SAFE_ENGINES, SAFE_TABLE_FUNCTIONS

pytestmark = pytest.mark.service

# The engine is loaded in a process of its own: it is large, and a process can have only one.
RUN = """
import json, sys
from pathlib import Path
from local.clickhouse_endpoint.engine import Engine
from local.clickhouse_endpoint.errors import ClickHouseError
directory, statements = Path(sys.argv[1]), json.load(sys.stdin)
with Engine(directory, memory_bytes=10**9, threads=1) as engine:
    answers = []
    for sql in statements:
        connection = engine.connect()
        try:
            answers.append(connection.query(sql).data.decode())
        except ClickHouseError as error:
            answers.append(error.code)
        connection.close()
json.dump(answers, sys.stdout)
"""
REPOSITORY = Path(__file__).parents[2]


def run(program: str, directory: Path, given: object) -> Any:
    command = [sys.executable, "-c", program, str(directory)]
    done = subprocess.run(
        command, input=json.dumps(given), cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_the_engine_itself_refuses_what_reaches_outside(tmp_path: Path) -> None:
    refused = {
        "SELECT * FROM file('/etc/passwd', 'LineAsString')": 497,
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')": 497,
        "SELECT * FROM remote('127.0.0.1:1', system.one)": 497,
        "SELECT * FROM sqlite('/tmp/x.db', 't')": 497,
        "SELECT * FROM icebergLocal('/tmp')": 497,
        "INSERT INTO FUNCTION file('x', 'CSV') SELECT 1": 497,
        "CREATE TABLE t (a Int8) ENGINE = File(CSV)": 497,
        "CREATE TABLE t (a Int8) ENGINE = URL('http://127.0.0.1:1/', CSV)": 497,
        "CREATE DATABASE d ENGINE = Filesystem('/etc')": 497,
        "CREATE USER u": 497,
        "SYSTEM SHUTDOWN": 497,
        "BACKUP DATABASE default TO File('/tmp/x')": 497,
        "SELECT * FROM `/etc/passwd`": 60,
        "SELECT * FROM eval('SELECT 1')": 344,
        "SET dialect = 'kusto'": 452,
        "SET format_schema = '/etc/passwd'": 452,
        "SET input_format_record_errors_file_path = '/tmp/x'": 452,
        "SELECT * FROM python(sys)": 446,
        "SET allow_python_table_function = 1": 392,
        "garbage": 62,
    }
    assert dict(zip(refused, run(RUN, tmp_path, list(refused)), strict=True)) == refused


def test_every_table_function_and_engine_of_this_version_was_judged(tmp_path: Path) -> None:
    functions, engines = run(
        RUN, tmp_path, ["SELECT name FROM system.table_functions", "SELECT name FROM system.table_engines"]
    )
    known = {name.lower() for name in functions.split()}
    assert known <= SAFE_TABLE_FUNCTIONS | OUTSIDE_FUNCTIONS
    assert not SAFE_TABLE_FUNCTIONS & OUTSIDE_FUNCTIONS
    assert SAFE_ENGINES - {"atomic"} <= {name.lower() for name in engines.split()}


def test_the_database_named_default_keeps_its_tables_over_starts(tmp_path: Path) -> None:
    """It is replaced at every start, in three states: new, without tables, with tables."""
    assert run(RUN, tmp_path, ["SHOW TABLES"]) == [""]
    create = "CREATE TABLE kept (a Int8) ENGINE = MergeTree ORDER BY a"
    assert run(RUN, tmp_path, [create, "INSERT INTO kept SELECT 7", "CREATE FUNCTION f AS x -> x + 1"]) == [""] * 3
    assert run(RUN, tmp_path, ["SELECT a FROM kept", "SELECT f(1)"]) == ["7\n", "2\n"]
    run(RUN, tmp_path, ["DROP TABLE kept SYNC"])
    assert run(RUN, tmp_path, ["SHOW TABLES"]) == [""]


LAW = """
import json, random, sys
from pathlib import Path
from local.clickhouse_endpoint.engine import Engine
from local.clickhouse_endpoint.errors import ClickHouseError
from local.clickhouse_endpoint.statement import parse
directory, (pairs, pieces) = Path(sys.argv[1]), json.load(sys.stdin)
chosen, accepted, wrong = random.Random(7), 0, []
with Engine(directory, memory_bytes=10**9, threads=1) as engine:
    connection = engine.connect()
    for _ in range(30_000):
        # Few different pieces in one text, so that they meet each other in every order.
        few = [*chosen.choice(pairs), chosen.choice(pieces), "; SELECT 1"]
        text = "SELECT 1" + "".join(chosen.choices(few, k=chosen.randrange(1, 9)))
        try:
            statement = parse(b"", text.encode())
        except ClickHouseError:
            continue
        count, _ = connection.classify(statement.sql)
        accepted += count == 1
        if count > 1:
            wrong.append(text)
    connection.close()
json.dump([accepted, wrong], sys.stdout)
"""


def test_what_is_read_as_one_statement_the_engine_reads_as_one(tmp_path: Path) -> None:
    opening = ("'", '"', "`", "$$", "$x$", "/*", "--", "#", "# ", "#!", "//", "\u2018", "\u201c", "(", "{")
    closing = ("'", '"', "`", "$$", "$x$", "*/", "\n", "\n", "\n", "\n", "\n", "\u2019", "\u201d", ")", "}")
    pieces = [
        *("1", "a", "'b'", "''", "\\'", "\\", '"c"', "`d`", "``", "$", "x", "/*", "*/", "--", " ", ",", "-", "+", "/"),
        *("*", ".", "\t", "\r", "\x00", "\u00a0", "@", "?", " FORMAT CSV", " SETTINGS a = 1", " FROM t", " AS "),
    ]
    accepted, wrong = run(LAW, tmp_path, [list(zip(opening, closing, strict=True)), pieces])
    assert wrong == []
    assert accepted > 500
