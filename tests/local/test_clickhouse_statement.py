"""A request is cut into one statement, its format and its data, and data is never taken for SQL."""

import pytest

from local.clickhouse_endpoint.errors import ClickHouseError
from local.clickhouse_endpoint.statement import parse


@pytest.mark.parametrize(
    ("text", "sql", "output_format"),
    [
        ("SELECT 1", "SELECT 1", None),
        ("SELECT 1;", "SELECT 1", None),
        ("SELECT 1 ; ;\n-- done\n", "SELECT 1 ", None),
        ("SELECT 1\n FORMAT Native", "SELECT 1", "Native"),
        ("select 1 format JSON settings max_threads = 1", "select 1             settings max_threads = 1", "JSON"),
        ("SELECT a AS format FROM t", "SELECT a AS format FROM t", None),
        ("SELECT a FROM t ORDER BY format DESC", "SELECT a FROM t ORDER BY format DESC", None),
        ("SELECT t.format x", "SELECT t.format x", None),
        ("SELECT ';', \";\", `;`, $$;$$, $a$ ; $$ $a$ -- ;", None, None),
        ("SELECT 'it''s \\' ; ' /* ; /* nested */ ; */", None, None),
        ("(SELECT 1) UNION ALL (SELECT 2)", None, None),
    ],
)
def test_a_query_loses_its_format_and_its_semicolon(text: str, sql: str | None, output_format: str | None) -> None:
    for query, body in ((text.encode(), b""), (b"", text.encode())):
        statement = parse(query, body)
        assert statement.sql.rstrip() == (text if sql is None else sql).rstrip()
        assert statement.output_format == output_format
        assert statement.input_format is None


@pytest.mark.parametrize(
    ("query", "body", "head", "input_format", "data"),
    [
        ("INSERT INTO t FORMAT Native", b"\n\n;DROP", "INSERT INTO t", "Native", b"\n\n;DROP"),
        ("INSERT INTO t (a) FORMAT TSV\n", b"\tx\n", "INSERT INTO t (a)", "TSV", b"\tx\n"),
        ("", b"INSERT INTO t FORMAT TSV\n\tx\n", "INSERT INTO t", "TSV", b"\tx\n"),
        ("", b"INSERT INTO t FORMAT CSV\r\n\n1,2", "INSERT INTO t", "CSV", b"\n1,2"),
        ("", b"insert into t values (1), ('; drop')", "insert into t", "Values", b" (1), ('; drop')".lstrip()),
        ("INSERT INTO t VALUES (1),", b"(2)", "INSERT INTO t", "Values", b"(1),\n(2)"),
        ("INSERT INTO t", b"FORMAT CSV\n1", "INSERT INTO t", "CSV", b"1"),
        ("INSERT INTO t (format, `values`) FORMAT CSV", b"1", "INSERT INTO t (format, `values`)", "CSV", b"1"),
        ("INSERT INTO d.values FORMAT CSV", b"1", "INSERT INTO d.values", "CSV", b"1"),
        ("INSERT INTO t SETTINGS a = 1 FORMAT CSV", b"\xff\xfe", "INSERT INTO t SETTINGS a = 1", "CSV", b"\xff\xfe"),
        ("INSERT INTO t FORMAT Native", b"", "INSERT INTO t", "Native", b""),
    ],
)
def test_the_data_of_an_insert_is_cut_off(query: str, body: bytes, head: str, input_format: str, data: bytes) -> None:
    statement = parse(query.encode(), body)
    assert (statement.sql, statement.input_format, statement.data) == (head, input_format, data)


def test_an_insert_from_a_query_has_no_data() -> None:
    for text in (b"INSERT INTO t SELECT 1", b"INSERT INTO t (SELECT 1)", b"INSERT INTO t (a) WITH 1 AS x SELECT x"):
        assert parse(text, b"").input_format is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "Empty query"),
        (b" ;; -- nothing\n", "Empty query"),
        (b"SELECT 1; SELECT 2", "Multi-statements"),
        (b"SELECT 1;/**/DROP TABLE t", "Multi-statements"),
        (b"INSERT INTO t; SELECT 1", "Multi-statements"),
        (b"INSERT INTO t; DROP TABLE t FORMAT CSV\n1", "Multi-statements"),
        (b"INSERT INTO t (a)", "needs VALUES"),
        (b"SELECT 'open", "A quote is not closed"),
        (b"SELECT `open", "A quote is not closed"),
        (b"SELECT 1 /* open", "A comment is not closed"),
        (b"SELECT 1 /* /* */", "A comment is not closed"),
        (b"SELECT 1 # DROP", "Write comments with"),
        (b"SELECT 1 // DROP", "Write comments with"),
        ("SELECT ‘a’".encode(), "Only plain ASCII"),
        ("SELECT\u00a01".encode(), "Only plain ASCII"),
        (b"SELECT 1\x00", "Only plain ASCII"),
        (b"SELECT '\xff'", "not UTF-8"),
        (b"SELECT $a$ open", "Only plain ASCII"),
    ],
)
def test_what_is_not_plainly_one_statement_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(ClickHouseError, match=reason) as caught:
        parse(b"", text)
    assert (caught.value.code, caught.value.status) == (62, 400)
