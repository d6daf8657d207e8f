"""The fingerprint of a statement, told from the words of its contract: literals out, lists of them as one, the same spaces.

This is not general. It reads statements as the simulator sends them: keywords in capitals, names, quoted texts, numbers and
common signs. A comment, a parameter, a name in quotes, a backslash, a keyword in small letters or another sign that databases
differ in is refused loudly, since a guess would raise a false alarm. What is written in small letters is taken for a name, which
is wrong where the name is a keyword of some database (`date`, `load`): the pipeline writes those in capitals.
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
BEGINNINGS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
_WORDS = (
    "ALL AND AS ASC BETWEEN BY CASE CROSS DELETE DESC DISTINCT ELSE END EXISTS FALSE FROM FULL GROUP HAVING ILIKE IN "
    "INNER INSERT INTO IS JOIN LEFT LIKE LIMIT NOT NULL OFFSET ON OR ORDER OUTER OVER PARTITION RETURNING RIGHT SELECT SET "
    "THEN TRUE UNION UPDATE USING VALUES WHEN WHERE WITH "
)
KEYWORDS = frozenset(_WORDS.split())
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
    if len(words) <= 1:
        # A single word is a name that somebody gave the statement.
        return LITERAL if words == [LITERAL] else bare
    text = _as_one(_joined(_without_signs(_without_constants(words))))
    if words[0] not in BEGINNINGS or " " not in bare or len(text) > LONGEST:
        raise StrangeStatementError(f"{bare[:200]!r} is no plain statement of at most {LONGEST} characters")
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
    """Write one token: a literal as `?`, anything else as it is."""
    if text not in KEYWORDS and text.upper() in KEYWORDS:
        raise StrangeStatementError(f"{text!r} in small letters may be a keyword or a name")
    return LITERAL if kind in ("text", "number") else text


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
