"""The data dictionary as a whole: what events are, from their models, and what views and functions give, from the SQL files."""

import re
from collections.abc import Iterator

from schemas.dictionary import data_dictionary
from sinks.described import Described, described
from sinks.migrations import SQL

_VIEWS = """\
## Views

What people read, made by `tidegauge migrate` from `sql/views/`, whose comments these are; the database has them too (`comment` in
`system.tables`). A view with parameters is called like a function: `SELECT * FROM nps(period = 'month')`. Times are UTC.
"""
_FUNCTIONS = """\
## Functions

For use in any query, made by `tidegauge migrate` from `sql/functions/`.
"""
_POINT = re.compile(r"`?[\w…]+`?: ")
"""How a line begins that defines one word."""
_CODE = "    "
"""How a line begins that is a statement to copy."""


def dictionary() -> str:
    """Return the whole page, in Markdown."""
    views = sorted((SQL / "views").glob("*.sql"))
    functions = sorted((SQL / "functions").glob("*.sql"))
    return data_dictionary(
        [
            "\n".join([_VIEWS, *(_entry(described(path)) for path in views)]),
            "\n".join([_FUNCTIONS, *(_entry(described(path)) for path in functions)]),
        ]
    )


def _entry(about: Described) -> str:
    parts = ["### " + ", ".join(f"`{name}`" for name in about.names), *_paragraphs(about.comment)]
    if about.parameters:
        parts.append("Parameters: " + ", ".join(f"`{name}` ({kind})" for name, kind in about.parameters.items()))
    if about.columns:
        parts.append("Columns: " + ", ".join(f"`{name}`" for name in about.columns))
    return "\n\n".join(parts) + "\n"


def _paragraphs(comment: str) -> Iterator[str]:
    """Give the paragraphs of a comment, with lists where lines define a word each, and statements to copy."""
    for paragraph in comment.split("\n\n"):
        lines = _joined(paragraph.splitlines())
        is_list = sum(_POINT.match(line) is not None for line in lines) > 1
        text: list[str] = []
        for line in lines:
            if line.startswith(_CODE):
                yield from filter(None, [" ".join(text)])
                yield line
                text = []
            elif is_list and _POINT.match(line):
                text.append(f"\n- {_plain(line)}")
            else:
                text.append(_plain(line))
        yield from filter(None, [" ".join(text).replace(" \n", "\n").strip()])


def _joined(lines: list[str]) -> list[str]:
    """Undo the breaks of lines, but for statements to copy and before a line that defines a word."""
    joined: list[str] = []
    for line in lines:
        before = joined[-1] if joined else "."
        is_code = line.startswith("  ") and before.endswith(":")
        if before.startswith(_CODE) and line.startswith("  "):
            joined[-1] += f"\n  {line}"
        elif is_code:
            joined.append(f"  {line}")
        elif joined and not before.startswith(_CODE) and not (before.endswith(".") and _POINT.match(line)):
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line)
    return joined


def _plain(text: str) -> str:
    """Keep Markdown from seeing markup where there is none."""
    parts = text.split("`")
    parts[::2] = (re.sub(r"([*<\[])", r"\\\1", part) for part in parts[::2])
    return "`".join(parts)
