"""The fingerprint of a statement, told from the words of its contract: literals out, lists of them as one, the same spaces.

This is not general. It reads statements as the simulator sends them: one statement of words, quoted texts, numbers and
common signs. A comment, a parameter, a name in quotes, a backslash or another sign that databases differ in is refused loudly,
since a guess would raise a false alarm. Lower-case words are taken for keywords only where they are on the list below.
"""

import re
from functools import lru_cache
from itertools import pairwise

LONGEST = 500
"""Characters of a fingerprint, at most; longer statements are beyond this recount."""
LITERAL = "?"

TOKEN = re.compile(
    r"""\s*(?: (?P<text>'(?:[^']|'')*')
          | (?P<number>\d+(?:\.\d+)?(?![\w.]))
          | (?P<word>[A-Za-z_]\w*)
          | (?P<sign><>|<=|>=|!=|\|\||[(),.=<>*+/-]) )""",
    re.VERBOSE | re.ASCII,
)
KEYWORDS = frozenset(
    [
        "ALL",
        "AND",
        "AS",
        "ASC",
        "BETWEEN",
        "BY",
        "CASE",
        "CROSS",
        "DELETE",
        "DESC",
        "DISTINCT",
        "ELSE",
        "END",
        "EXISTS",
        "FALSE",
        "FROM",
        "FULL",
        "GROUP",
        "HAVING",
        "ILIKE",
        "IN",
        "INNER",
        "INSERT",
        "INTO",
        "IS",
        "JOIN",
        "LEFT",
        "LIKE",
        "LIMIT",
        "NOT",
        "NULL",
        "OFFSET",
        "ON",
        "OR",
        "ORDER",
        "OUTER",
        "OVER",
        "PARTITION",
        "RETURNING",
        "RIGHT",
        "SELECT",
        "SET",
        "THEN",
        "TRUE",
        "UNION",
        "UPDATE",
        "USING",
        "VALUES",
        "WHEN",
        "WHERE",
        "WITH",
    ]
)
CONSTANTS = frozenset({"NULL", "TRUE", "FALSE"})


class StrangeStatementError(ValueError):
    """A statement that this recount cannot read; nothing is wrong with it."""


@lru_cache(maxsize=100_000)
def fingerprint(statement: str) -> str:
    """Give the fingerprint of a statement; the empty one has none.

    Raises:
        StrangeStatementError: the statement is none that the simulator would send.
    """
    bare = statement.strip(" \t\n\r\f\v;")
    tokens = _tokens(bare)
    words = [_word(kind, text) for kind, text in tokens]
    if len(words) == 1:
        # A single word is a name that somebody gave the statement.
        text = LITERAL if words == [LITERAL] else bare
    else:
        text = _as_one(_joined(_without_signs(_without_constants(words))))
    if len(text) > LONGEST or (len(words) > 1 and len(bare) == sum(len(token) for _, token in tokens)):
        raise StrangeStatementError(f"{bare[:200]!r}: too long, or several words and no space")
    return text


def _tokens(statement: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(statement):
        found = TOKEN.match(statement, at)
        if found is None or found.lastgroup is None or statement.startswith(("--", "/*"), found.start("sign")):
            raise StrangeStatementError(f"{statement[:200]!r} at character {at}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


def _word(kind: str, text: str) -> str:
    """Write one token: a literal as `?`, a keyword in capitals, a name as it is."""
    if kind in ("text", "number"):
        return LITERAL
    return text.upper() if text.upper() in KEYWORDS else text


def _without_constants(words: list[str]) -> list[str]:
    """NULL, TRUE and FALSE are literals, but not after IS or NOT."""
    return [
        LITERAL if word in CONSTANTS and before not in ("IS", "NOT") else word
        for before, word in pairwise(["", *words])
    ]


def _without_signs(words: list[str]) -> list[str]:
    """The sign of a literal goes with it; one that subtracts stays."""
    kept: list[str] = []
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        subtracts = before in (LITERAL, ")", "*") or (before[:1].isidentifier() and before not in KEYWORDS)
        if not (word in "+-" and after == LITERAL and not subtracts):
            kept.append(word)
    return kept


def _joined(words: list[str]) -> str:
    """Put one space between two words, and none about a dot, before `,` and `)`, after `(`, or between a name and its `(`."""
    text = ""
    for before, word in pairwise(["", *words]):
        is_call = word == "(" and before[:1].isidentifier() and before not in KEYWORDS
        tight = before in ("", "(", ".") or word in (",", ")", ".") or is_call
        text += word if tight else f" {word}"
    return text


def _as_one(text: str) -> str:
    """Write a list of literals as one of them, and rows of such lists as one row."""
    text = re.sub(r"\?(, \?)+", LITERAL, text)
    return re.sub(r"\(\?\)(, \(\?\))+", "(?)", text)
