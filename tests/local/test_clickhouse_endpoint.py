"""The contract: an unmodified ClickHouse client finds at the endpoint what it finds at a server."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import clickhouse_connect
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.local.conftest import EndpointProcess

pytestmark = pytest.mark.service

START = datetime(2026, 2, 1, 12, 0, 0, 123_000, tzinfo=UTC)
TABLE = """CREATE TABLE facts (time DateTime64(3, 'UTC'), name LowCardinality(String), number UInt64,
    sketch Map(Int16, UInt64), share Nullable(Float64)) ENGINE = MergeTree ORDER BY time"""
COLUMNS = ["time", "name", "number", "sketch", "share"]


@pytest.fixture
def client(endpoint: EndpointProcess, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client with a database of its own, named after the test, that holds an empty table `facts`."""
    database = request.node.originalname
    with clickhouse_connect.get_client(host="127.0.0.1", port=endpoint.port) as first:
        first.command(f"CREATE DATABASE IF NOT EXISTS {database}")
    with clickhouse_connect.get_client(host="127.0.0.1", port=endpoint.port, database=database) as own:
        own.command("DROP TABLE IF EXISTS facts SYNC")
        own.command(TABLE)
        yield own


def facts(count: int, first: int = 0) -> pa.Table:
    numbers = range(first, first + count)
    return pa.table(
        {
            "time": pa.array([START + timedelta(seconds=n) for n in numbers], pa.timestamp("ms", "UTC")),
            "name": pa.array([f"n{n % 3}" for n in numbers]),
            "number": pa.array(numbers, pa.uint64()),
            "sketch": pa.array([[(-1, n), (300, 1)] for n in numbers], pa.map_(pa.int16(), pa.uint64())),
            "share": pa.array([None if n % 2 else n / 2 for n in numbers], pa.float64()),
        }
    )


def rows(count: int) -> list[list[object]]:
    columns = (column.to_pylist() for column in facts(count).columns)
    return [[dict(cell) if isinstance(cell, list) else cell for cell in row] for row in zip(*columns, strict=True)]


def read(client: Client) -> list[list[object]]:
    answer = client.query("SELECT * FROM facts ORDER BY number", query_tz="UTC", tz_mode="aware")
    return [list(row) for row in answer.result_rows]


def test_rows_come_back_as_they_were_inserted(client: Client) -> None:
    written = client.insert("facts", rows(10), column_names=COLUMNS)
    assert written.written_rows == 10
    assert read(client) == rows(10)


@pytest.mark.parametrize("compression", [False, "lz4", "zstd", "gzip"])
def test_arrow_columns_come_back_as_they_were_inserted(
    client: Client, endpoint: EndpointProcess, compression: str | bool
) -> None:
    with clickhouse_connect.get_client(
        host="127.0.0.1", port=endpoint.port, database=client.database, compress=compression
    ) as packing:
        assert packing.insert_arrow("facts", facts(1000)).written_rows == 1000
        assert read(packing) == rows(1000)
        arrow = packing.query_arrow("SELECT number, sketch FROM facts ORDER BY number")
        assert arrow.to_pydict() == facts(1000).select(["number", "sketch"]).to_pydict()


def test_data_frames_go_both_ways(client: Client) -> None:
    client.insert_arrow("facts", facts(5))
    frame = client.query_df("SELECT time, name, number FROM facts ORDER BY number")
    client.insert_df("facts", frame)
    assert client.command("SELECT count(), sum(number) FROM facts") == ["10", "20"]


def test_data_that_looks_like_sql_stays_data(client: Client) -> None:
    body = '{"number": 1, "name": "a"}\n\n{"number": 2, "name": "; DROP TABLE facts"}\n\nDROP TABLE facts'
    good, _, _ = body.rpartition("\n\n")
    client.raw_insert("facts", insert_block=good, fmt="JSONEachRow")
    with pytest.raises(DatabaseError, match="code: "):
        client.raw_insert("facts", insert_block=body, fmt="JSONEachRow")
    client.command("INSERT INTO facts (number, name) VALUES (3, ';\n\nDROP TABLE facts')")
    assert client.command("SELECT groupArray(number) FROM (SELECT number FROM facts ORDER BY number)") == "[1,2,3]"


def test_a_damaged_insert_leaves_nothing(client: Client) -> None:
    with pytest.raises(DatabaseError):
        client.raw_insert("facts", insert_block='{"number": 1}\n{"number": ', fmt="JSONEachRow")
    assert client.command("SELECT count() FROM facts") == 0


def test_parameters_are_bound_and_not_pasted(client: Client) -> None:
    values = {"text": "it's \\ a\ttab\nand; a line", "list": ["x'y", "z\\"], "when": START.replace(tzinfo=None)}
    answer = client.query("SELECT {text:String}, {list:Array(String)}, {when:DateTime64(3)}", parameters=values)
    assert list(answer.result_rows[0]) == list(values.values())


def test_settings_hold_for_their_query_only(client: Client) -> None:
    ask = "SELECT getSetting('max_threads')"
    before = client.command(ask)
    assert client.command(ask, settings={"max_threads": 1}) == 1 != before
    assert client.command(ask) == before


def test_settings_of_a_session_stay(client: Client) -> None:
    client.command("SET max_block_size = 77")
    assert client.command("SELECT getSetting('max_block_size')", settings={"max_threads": 1}) == 77


def test_temporary_tables_belong_to_their_session(client: Client, endpoint: EndpointProcess) -> None:
    client.command("CREATE TEMPORARY TABLE mine (a Int8)")
    client.command("INSERT INTO mine VALUES (5)")
    assert client.command("SELECT a FROM mine") == 5
    with (
        clickhouse_connect.get_client(host="127.0.0.1", port=endpoint.port) as other,
        pytest.raises(DatabaseError, match="UNKNOWN_TABLE"),
    ):
        other.command("SELECT a FROM mine")


@pytest.mark.parametrize(
    ("sql", "code", "name"),
    [
        ("SELECT * FROM nowhere", 60, "UNKNOWN_TABLE"),
        ("SELECT nothing FROM facts", 47, "UNKNOWN_IDENTIFIER"),
        ("SELECT noSuchFunction()", 46, "UNKNOWN_FUNCTION"),
        ("SELECT 1 FROM nodatabase.t", 81, "UNKNOWN_DATABASE"),
        ("SELECT FROM WHERE", 62, "SYNTAX_ERROR"),
        ("SELECT 1; SELECT 2", 62, "SYNTAX_ERROR"),
        ("SELECT throwIf(1)", 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
        ("SELECT * FROM file('/etc/passwd')", 497, "ACCESS_DENIED"),
        ("CREATE TABLE facts (a Int8) ENGINE = Memory", 57, "TABLE_ALREADY_EXISTS"),
        ("SELECT count() FROM numbers(1e9) SETTINGS max_rows_to_read = 5", 158, "TOO_MANY_ROWS"),
    ],
)
def test_errors_are_typed_as_at_a_server(client: Client, sql: str, code: int, name: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        client.command(sql)
    assert f"code: {code}," in str(caught.value)
    assert f"({name})" in str(caught.value)


@pytest.mark.parametrize("readonly", [1, 2])
def test_readonly_refuses_writes(client: Client, readonly: int) -> None:
    writes = ("INSERT INTO facts (number) VALUES (1)", "DROP TABLE facts", "CREATE TABLE x (a Int8) ENGINE = Memory")
    for sql in (
        *writes,
        "TRUNCATE TABLE facts",
        "INSERT INTO facts (number) SELECT 1",
        "ALTER TABLE facts DELETE WHERE 1",
    ):
        with pytest.raises(DatabaseError, match="code: 164"):
            client.command(sql, settings={"readonly": readonly})
    assert client.command("SELECT count() FROM facts", settings={"readonly": readonly}) == 0


def test_an_empty_result_keeps_its_columns(client: Client) -> None:
    client.insert_arrow("facts", facts(3))
    for condition, expected in (("number > 99", 0), ("1", 3)):
        answer = client.query(f"SELECT *, toDate(time) AS day FROM facts WHERE {condition}")
        assert answer.row_count == expected
        assert answer.column_names == (*COLUMNS, "day")
        types = [column.name for column in answer.column_types]
        assert types == ["DateTime64(3, 'UTC')", "LowCardinality(String)", "UInt64", "Map(Int16, UInt64)",
                         "Nullable(Float64)", "Date"]  # fmt: skip
    assert client.query("SHOW TABLES LIKE 'nothing'").column_names == ("name",)
    assert client.query_arrow("SELECT * FROM facts WHERE 0").column_names == COLUMNS
    assert client.query("SELECT {a:UInt8} AS a WHERE 0", parameters={"a": 1}).column_names == ("a",)


def test_readers_see_whole_inserts_while_a_writer_writes(client: Client, endpoint: EndpointProcess) -> None:
    """An insert of 500 rows is visible as a whole or not at all, to readers that run meanwhile."""
    ended = threading.Event()
    counts: list[list[int]] = [[] for _ in range(4)]

    def watch(seen: list[int]) -> None:
        with clickhouse_connect.get_client(host="127.0.0.1", port=endpoint.port, database=client.database) as reader:
            while not ended.is_set():
                seen.append(int(str(reader.command("SELECT count() FROM facts"))))

    readers = [threading.Thread(target=watch, args=(seen,)) for seen in counts]
    for reader in readers:
        reader.start()
    for batch in range(20):
        client.insert_arrow("facts", facts(500, batch * 500))
    ended.set()
    for reader in readers:
        reader.join(30)
    assert client.command("SELECT count(), uniqExact(number) FROM facts") == ["10000", "10000"]
    assert all(seen and seen == sorted(seen) and all(count % 500 == 0 for count in seen) for seen in counts)
