"""Fingerprints of SQL statements: what is left when the literals are out, so that one query in a thousand guises is one line.

Two stages. A regex takes out literals, parameters and comments, which costs a few microseconds; what remains is the same for
all statements that differ in nothing else, so the second stage is remembered. That one is sqlglot's tokenizer, for keywords,
spacing, signs and lists. Its parser is not used: it recurses as deep as a statement nests, and what a neutral dialect
does not know it drops (`FOR UPDATE SKIP LOCKED`) or misreads (`SAVEPOINT x` as `savepoint AS x`).

A fingerprint is a row key: another one for the same statement would count it twice in a replay. So sqlglot is pinned exactly, and
tests hold the fingerprints of a set of statements.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Final

import xxhash
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer

LITERAL: Final = "?"
"""Stands for a literal, a parameter, or a list of them."""
LONGEST: Final = 500
"""Characters of a fingerprint; a longer one ends in a hash of the whole."""
REMEMBERED: Final = 20_000
"""Skeletons whose fingerprint is remembered."""

_SCANNER: Final = re.compile(
    r"""
    [-/"'`$%@:{.\d]                                      # one class to begin with: the search skips to these characters
    (?: (?P<comment> (?<=-)-[^\n]* | (?<=/)\*.*?(?:\*/|\Z) )
      | (?P<name> (?<=")(?:[^"]|"")*" | (?<=`)[^`]*` )
      | (?<=')(?:[^']|'')*(?:'|\Z)                       # text; where its end is cut off, all that is left
      | (?<=\$)(?P<tag>\w*)\$.*?\$(?P=tag)\$              # PostgreSQL's text between dollars
      | (?<![\w$.]0)(?<=0)x[0-9a-f]+\b
      | (?<![\w$.]\d)(?<=\d)\d*(?:\.\d*)?(?:e[+-]?\d+)?(?![\w$])
      | (?<![\w$]\.)(?<=\.)\d+(?:e[+-]?\d+)?(?![\w$])
      | (?<=\$)\d+ | (?<=%)(?:s|\(\w+\)s) | (?<=\{)\w+:[^{}]*\}  # parameters
      | (?<![\w@]@)(?<=@)\w+ | (?<![\w:)\]"`]:)(?<=:)\w+
    )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_AMBIGUOUS: Final = re.compile(r"'.*'", re.DOTALL)
"""Whether a backslash before a quote keeps the text open depends on the database: all between the outermost quotes goes."""
_PLAIN_NAME: Final = re.compile(r"\w+", re.ASCII)
_PREFIX: Final = re.compile(r"\b(?:[NXBE]|U&|_\w+ ?)\?", re.IGNORECASE)
"""What stands before the quote of a text: `N'…'`, `X'…'`, `_utf8'…'`."""
_LIST: Final = re.compile(r"\?(?: ?, ?\?)+")
_LITERAL_ROWS: Final = re.compile(r"\( ?\? ?\)(?: ?, ?\( ?\? ?\))+")
_ROWS: Final = re.compile(r"(\((?:[^()]|\([^()]*\))*\))(?:, ?\1)+")
_SAVEPOINT: Final = re.compile(r'\b(SAVEPOINT) (?:\w+|"\w+")', re.IGNORECASE)

_TOKENIZER: Final = Tokenizer()
_OPERANDS: Final = frozenset(
    {TokenType.VAR, TokenType.IDENTIFIER, TokenType.PLACEHOLDER, TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.STAR}
)
_CONSTANTS: Final = frozenset({TokenType.NULL, TokenType.TRUE, TokenType.FALSE})
_SIGNS: Final = frozenset({TokenType.DASH, TokenType.PLUS})
_TIGHT: Final = frozenset({TokenType.DOT, TokenType.DCOLON})
_CLOSING: Final = frozenset({TokenType.COMMA, TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.SEMICOLON, *_TIGHT})
_OPENING: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.PARAMETER, *_TIGHT})


def fingerprint(statement: str) -> str:
    """Give the fingerprint of a statement: never an error, at most about LONGEST characters.

    Literals, parameters and lists of them become `?`, comments go, keywords stand in capitals, names stay as they are written.
    In double quotes stands a name, unless the statement quotes names with backticks (MySQL) or it is no plain name.
    A statement that is a single word is a name somebody gave it, and its own fingerprint.
    """
    return _of_skeleton(skeleton(statement))


def skeleton(statement: str) -> str:
    """Take literals, parameters, lists of them and comments out of a statement."""
    if "\\'" in statement:
        statement = _AMBIGUOUS.sub(LITERAL, statement)
    backticks = "`" in statement

    def replaced(found: re.Match[str]) -> str:
        if found["comment"] is not None:
            return " "
        return LITERAL if found["name"] is None else _name(found[0], backticks=backticks)

    return _lists_as_one(" ".join(_SCANNER.sub(replaced, statement).split()).strip(" ;"))


def _name(quoted: str, *, backticks: bool) -> str:
    content = quoted[1:-1]
    if quoted[0] == "`":
        return '"' + content.replace('"', "") + '"'
    return quoted if _PLAIN_NAME.fullmatch(content) and not backticks else LITERAL


@lru_cache(maxsize=REMEMBERED)
def _of_skeleton(text: str) -> str:
    if " " not in text:
        return _shortened(text)
    text = _PREFIX.sub(LITERAL, text)
    with suppress(TokenError):
        text = _spaced(list(_without_constants(_TOKENIZER.tokenize(text))))
    return _shortened(_without_repetition(text))


def _without_constants(tokens: list[Token]) -> Iterator[Token]:
    """Make NULL, TRUE and FALSE literals where they are values, and drop the sign of a literal."""
    before: Token | None = None
    for place, token in enumerate(tokens):
        kind = before.token_type if before else None
        following = tokens[place + 1].token_type if place + 1 < len(tokens) else None
        if token.token_type in _SIGNS and following is TokenType.PLACEHOLDER and kind not in _OPERANDS:
            continue
        if token.token_type in _CONSTANTS and kind not in (TokenType.IS, TokenType.NOT):
            token = Token(TokenType.PLACEHOLDER, LITERAL)
        yield token
        before = token


def _spaced(tokens: list[Token]) -> str:
    """Write tokens with the same spaces always; `f(x)` stays together, a keyword and its parenthesis do not."""
    parts: list[str] = []
    before: TokenType | None = None
    for token in tokens:
        kind = token.token_type
        is_call = kind in (TokenType.L_PAREN, TokenType.L_BRACKET) and before is TokenType.VAR
        if before is not None and kind not in _CLOSING and before not in _OPENING and not is_call:
            parts.append(" ")
        parts.append(_written(token, before))
        before = kind
    return "".join(parts)


def _written(token: Token, before: TokenType | None) -> str:
    if token.token_type is TokenType.IDENTIFIER:
        return f'"{token.text}"'
    if token.token_type in (TokenType.VAR, TokenType.STRING) or before is TokenType.DOT:
        return token.text
    return token.text.upper()


def _lists_as_one(text: str) -> str:
    """`IN (?, ?, ?)` is `IN (?)`, and a thousand such rows of VALUES are one."""
    return _LITERAL_ROWS.sub(f"({LITERAL})", _LIST.sub(LITERAL, text))


def _without_repetition(text: str) -> str:
    """Equal rows of VALUES are one even where they hold more than literals, and a savepoint's name is a literal."""
    return _SAVEPOINT.sub(rf"\1 {LITERAL}", _ROWS.sub(r"\1", _lists_as_one(text)))


def _shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} … {xxhash.xxh3_64_hexdigest(text.encode())}"
