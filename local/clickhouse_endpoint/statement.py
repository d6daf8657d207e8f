"""One statement out of a request: its SQL, the format of its answer, and the data of an INSERT kept apart.

chDB ends inline INSERT data at an empty line and runs the rest as SQL. Here the data is cut off before the
engine sees the statement, and goes to the engine's streaming insert, which only ever parses it as data.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from local.clickhouse_endpoint.errors import ClickHouseError, syntax_error
from local.clickhouse_endpoint.lexer import Kind, Token, tokens

# Between FORMAT and the data stand blanks and at most one line break; a second one belongs to the data.
_BEFORE_DATA: Final = re.compile(rb"[ \t\f]*\r?\n?")
_NOT_A_FORMAT: Final = ("ASC", "DESC", "NULLS")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    `sql` has neither FORMAT clause nor data nor closing semicolon; `tokens` are those of `sql`.
    `input_format` is set for an INSERT that carries `data`, `output_format` where the text names one.
    """

    sql: str
    tokens: tuple[Token, ...]
    output_format: str | None = None
    input_format: str | None = None
    data: bytes = b""


def parse(query: bytes, body: bytes) -> Statement:
    """Read the one statement of a request from its `query` parameter and its body.

    As on a server, the statement may stand in either or begin in the first and go on in the second.
    Raises ClickHouseError (62, SYNTAX_ERROR) for none, for several, and for what cannot be read.
    """
    query = query.strip()
    if not query or not body:
        return _parse(query or body)
    head = _insert_head(query)
    if head is None:
        return _parse(query + b"\n" + body)
    return replace(head, data=head.data + b"\n" + body if head.data else body)


def _insert_head(query: bytes) -> Statement | None:
    """Return the INSERT that `query` holds, if it is one that the body can only be the data of."""
    try:
        statement = _parse(query)
    except ClickHouseError:  # it may go on in the body
        return None
    return statement if statement.input_format is not None else None


def _parse(sql: bytes) -> Statement:
    first = next(tokens(sql), None)
    if first is None:
        raise syntax_error("Empty query")
    return _parse_insert(sql) if first.is_word("INSERT") else _parse_plain(sql, list(tokens(sql)))


def _parse_insert(sql: bytes) -> Statement:
    """Read the head of an INSERT up to VALUES or FORMAT; what follows is data and not looked at."""
    head: list[Token] = []
    depth = 0
    stream = tokens(sql)
    for token in stream:
        depth += token.is_symbol("(") - token.is_symbol(")")
        if depth == 0 and len(head) > 2 and not head[-1].is_symbol("."):
            if token.is_word("SELECT", "WITH"):
                return _parse_plain(sql, [*head, token, *stream])
            if token.is_word("VALUES"):
                return _insert(sql, head, "Values", token.end)
            if token.is_word("FORMAT") and (name := next(stream, None)):
                return _insert(sql, head, _text(sql, name), name.end)
        head.append(token)
    if any(token.is_word("SELECT") for token in head):
        return _parse_plain(sql, head)
    _end_of_statement(head)
    raise syntax_error("An INSERT needs VALUES, SELECT, or FORMAT and data")


def _insert(sql: bytes, head: Sequence[Token], input_format: str, end: int) -> Statement:
    if end_of_statement := _end_of_statement(head):
        raise syntax_error(f"Multi-statements are not allowed, at byte {end_of_statement.start}")
    gap = _BEFORE_DATA.match(sql, end)
    data = sql[gap.end() :] if gap else sql[end:]
    return Statement(_decode(sql[: head[-1].end]), tuple(head), None, input_format, data if data.strip() else b"")


def _parse_plain(sql: bytes, found: list[Token]) -> Statement:
    if semicolon := _end_of_statement(found):
        sql, found = sql[: semicolon.start], [token for token in found if token.start < semicolon.start]
    if not found:
        raise syntax_error("Empty query")
    at = _format_clause(found)
    if at is None:
        return Statement(_decode(sql), tuple(found))
    keyword, name = found[at], found[at + 1]
    without = sql[: keyword.start] + b" " * (name.end - keyword.start) + sql[name.end :]
    return Statement(_decode(without), (*found[:at], *found[at + 2 :]), _text(sql, name))


def _end_of_statement(found: Sequence[Token]) -> Token | None:
    """Return the semicolon that ends the statement, if there is one; more than semicolons behind it is an error."""
    for position, token in enumerate(found):
        if token.is_symbol(";"):
            for later in found[position:]:
                if not later.is_symbol(";"):
                    raise syntax_error(f"Multi-statements are not allowed: another begins at byte {later.start}")
            return token
    return None


def _format_clause(found: Sequence[Token]) -> int | None:
    """Return the index of the word FORMAT of the clause that ends the statement (SETTINGS may follow it)."""
    for at in range(len(found) - 2, 0, -1):
        if not found[at].is_word("FORMAT") or found[at + 1].kind is not Kind.WORD:
            continue
        ends = at + 2 == len(found) or found[at + 2].is_word("SETTINGS")
        is_a_name = found[at - 1].is_word("AS", "BY") or found[at - 1].is_symbol(",") or found[at - 1].is_symbol(".")
        if ends and not is_a_name and not found[at + 1].is_word(*_NOT_A_FORMAT):
            return at
    return None


def _text(sql: bytes, token: Token) -> str:
    return _decode(sql[token.start : token.end])


def _decode(sql: bytes) -> str:
    try:
        return sql.decode()
    except UnicodeDecodeError as error:
        raise syntax_error(f"The statement is not UTF-8: {error.reason} at byte {error.start}") from None
