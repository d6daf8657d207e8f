"""From a request to its answer: parse, guard, run, describe."""

import uuid
from dataclasses import dataclass, field
from typing import Final

import orjson

from local.clickhouse_endpoint.engine import Connection, Engine, Result
from local.clickhouse_endpoint.errors import ClickHouseError, syntax_error
from local.clickhouse_endpoint.guard import Guard
from local.clickhouse_endpoint.request import Request, compress
from local.clickhouse_endpoint.sessions import Sessions
from local.clickhouse_endpoint.statement import Statement, parse

_CONTENT_TYPES: Final = {
    "CSV": "text/csv; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "JSON": "application/json; charset=UTF-8",
    "XML": "application/xml; charset=UTF-8",
}
_BINARY: Final = ("Native", "Arrow", "Parquet", "ORC", "Avro", "RowBinary")
_QUERIES: Final = ("SELECT", "WITH", "FROM")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status, headers, body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Executor:
    """Runs requests on one engine. Safe to use from several threads, which then run in parallel."""

    def __init__(self, engine: Engine) -> None:
        self._sessions = Sessions(engine)
        self._guard = Guard(engine.table_functions())

    def run(self, request: Request) -> Reply:
        """Run the statement of `request`. Raises ClickHouseError with the reason when that fails."""
        statement = parse(request.query, request.body)
        self._guard.check(statement)
        output_format = statement.output_format or request.default_format
        with self._sessions.connection(request) as connection:
            _check_one_statement(connection, statement, request.readonly)
            if statement.input_format is not None:
                result = connection.insert(statement.sql, statement.input_format, statement.data)
            else:
                result = _query(connection, statement, output_format, request)
        return _reply(request, output_format, result)

    def close(self) -> None:
        """Close all sessions; no request may be running."""
        self._sessions.close()


def error_reply(error: ClickHouseError) -> Reply:
    """Build the answer for a failed request."""
    headers = {"X-ClickHouse-Exception-Code": str(error.code), "Content-Type": "text/plain; charset=UTF-8"}
    return Reply(error.status, f"{error}\n".encode(), headers)


def _check_one_statement(connection: Connection, statement: Statement, readonly: int) -> None:
    """Ask the engine's own parser, too, how many statements it sees and whether they only read."""
    head = f"{statement.sql} FORMAT {statement.input_format}" if statement.input_format else statement.sql
    count, only_reads = connection.classify(head)
    if count > 1:
        raise syntax_error("Multi-statements are not allowed")
    changes_settings = statement.tokens[0].is_word("SET", "USE")
    if readonly and not only_reads and not (readonly == 2 and changes_settings):
        raise ClickHouseError(164, "READONLY", "Cannot execute query in readonly mode; GET is always readonly")


def _query(connection: Connection, statement: Statement, output_format: str, request: Request) -> Result:
    result = connection.query(statement.sql, output_format, request.parameters)
    if result.data or output_format != "Native":
        return result
    # chDB gives nothing at all for no rows; a server gives a block with the columns.
    return Result(_empty_native_block(_columns(connection, statement, request)), elapsed_seconds=result.elapsed_seconds)


def _columns(connection: Connection, statement: Statement, request: Request) -> list[tuple[str, str]]:
    """Return names and types of the columns of a query without rows; none for what is no query."""
    if statement.tokens[0].is_word(*_QUERIES) or statement.tokens[0].is_symbol("("):
        described = connection.query(f"DESCRIBE ({statement.sql}\n)", "JSONCompactEachRow", request.parameters)
        return [(row[0], row[1]) for row in map(orjson.loads, described.data.splitlines())]
    if not statement.tokens[0].is_word("SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN"):
        return []
    again = connection.query(statement.sql, "JSONCompactEachRowWithNamesAndTypes", request.parameters)
    names, types = (orjson.loads(line) for line in again.data.splitlines()[:2])
    return list(zip(names, types, strict=True))


def _empty_native_block(columns: list[tuple[str, str]]) -> bytes:
    """Write a block of the Native format with no rows: two counts, then name and type of each column."""
    if not columns:
        return b""
    parts = [_varint(len(columns)), _varint(0)]
    for text in (text for column in columns for text in column):
        encoded = text.encode()
        parts += [_varint(len(encoded)), encoded]
    return b"".join(parts)


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _reply(request: Request, output_format: str, result: Result) -> Reply:
    summary = {
        "read_rows": str(result.read_rows),
        "read_bytes": str(result.read_bytes),
        "written_rows": str(result.written_rows),
        "written_bytes": str(result.written_bytes),
        "total_rows_to_read": str(result.read_rows),
        "result_rows": str(result.written_rows),
        "result_bytes": str(len(result.data)),
        "elapsed_ns": str(int(result.elapsed_seconds * 1e9)),
    }
    headers = {
        "Content-Type": _content_type(output_format),
        "X-ClickHouse-Summary": orjson.dumps(summary).decode(),
        "X-ClickHouse-Query-Id": request.query_id or str(uuid.uuid4()),
        "X-ClickHouse-Format": output_format,
        "X-ClickHouse-Timezone": "UTC",
    }
    if request.encoding is None or not result.data:
        return Reply(200, result.data, headers)
    return Reply(200, compress(result.data, request.encoding), headers | {"Content-Encoding": request.encoding})


def _content_type(output_format: str) -> str:
    if output_format.startswith(_BINARY):
        return "application/octet-stream"
    return _CONTENT_TYPES.get(output_format, "text/plain; charset=UTF-8")
