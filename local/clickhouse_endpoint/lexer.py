"""ClickHouse SQL cut into tokens, so that rules look at what the engine will see and not at text.

It fails closed: whatever could be read in two ways (unusual comment signs, typographic quotes, control
characters) is an error here, so the engine never sees text that was cut differently.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from local.clickhouse_endpoint.errors import syntax_error

_TOKEN: Final = re.compile(
    rb"""
      (?P<space>   [ \t\r\n\f\v]++ | --[^\n]*+ )
    | (?P<string>  '(?:[^'\\]++|\\.|'')*+' )
    | (?P<quoted>  `(?:[^`\\]++|\\.|``)*+` | "(?:[^"\\]++|\\.|"")*+" )
    | (?P<word>    [A-Za-z0-9_]++ )
    | (?P<heredoc> \$(?P<tag>[A-Za-z0-9_]*+)\$.*?\$(?P=tag)\$ )
    | (?P<symbol>  [-!%&()*+,.:;<=>?@\[\]^{|}~] | /(?![*/]) )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE: Final = re.compile(rb"/\*|\*/")


class Kind(Enum):
    """What a token is."""

    WORD = auto()  # keyword, bare identifier or number
    QUOTED = auto()  # identifier in backticks or double quotes
    STRING = auto()  # text literal or heredoc
    SYMBOL = auto()  # one punctuation character


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `text` is upper case for a word, unquoted for a quoted identifier; offsets are in bytes."""

    kind: Kind
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Say whether this is one of the given bare words, written in upper case."""
        return self.kind is Kind.WORD and self.text in words

    def is_symbol(self, symbol: str) -> bool:
        """Say whether this is the given punctuation character."""
        return self.kind is Kind.SYMBOL and self.text == symbol


def tokens(sql: bytes, start: int = 0) -> Iterator[Token]:
    """Cut `sql` into tokens lazily, so that the data behind an INSERT is never looked at.

    Raises ClickHouseError (62, SYNTAX_ERROR) at the first byte that is not plainly SQL.
    """
    position = start
    while position < len(sql):
        if sql.startswith(b"/*", position):
            position = _end_of_comment(sql, position)
            continue
        match = _TOKEN.match(sql, position)
        if match is None:
            raise syntax_error(_unreadable(sql, position))
        if match["space"] is None:
            yield _token(match)
        position = match.end()


def _token(match: re.Match[bytes]) -> Token:
    text = match[0].decode("utf-8", "replace")
    if match["word"] is not None:
        return Token(Kind.WORD, text.upper(), *match.span())
    if match["quoted"] is not None:
        return Token(Kind.QUOTED, text[1:-1].replace(text[0] * 2, text[0]), *match.span())
    if match["symbol"] is not None:
        return Token(Kind.SYMBOL, text, *match.span())
    return Token(Kind.STRING, text, *match.span())


def _end_of_comment(sql: bytes, start: int) -> int:
    """Return the offset behind a block comment; in this engine they nest."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == b"/*" else -1
        if depth == 0:
            return edge.end()
    raise syntax_error("A comment is not closed")


def _unreadable(sql: bytes, position: int) -> str:
    near = sql[position : position + 20].decode("utf-8", "replace")
    if sql[position : position + 1] in (b"'", b'"', b"`"):
        return f"A quote is not closed at byte {position}: {near!r}"
    if sql.startswith((b"#", b"//"), position):
        return f"Write comments with -- or /* */ here, at byte {position}: {near!r}"
    return f"Only plain ASCII may stand outside quotes and comments, at byte {position}: {near!r}"
