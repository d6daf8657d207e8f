"""What the SQL files say of themselves: the comment at their head, a view's parameters and columns, the functions they make.

The files are ours and follow one style, so that reading them needs no parser of SQL: keywords in capitals, one view a file, the
outermost SELECT at the end, with a name (AS) for every column that is more than one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_COMMENT: Final = re.compile(r"--[^\n]*")
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.|'')*'")
_VIEW: Final = re.compile(r"CREATE OR REPLACE VIEW (\w+) AS\b")
_FUNCTION: Final = re.compile(r"CREATE OR REPLACE FUNCTION (\w+) AS (\([^()]*\)) ->")
_PARAMETER: Final = re.compile(r"\{(\w+):([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Described:
    """What a file says: names of what it makes (of a function with its arguments), parameters by type, columns of a view."""

    names: tuple[str, ...]
    comment: str
    parameters: dict[str, str]
    columns: tuple[str, ...]


def described(path: Path) -> Described:
    """Read a file of sql/views or sql/functions."""
    text = path.read_text("utf-8")
    code = _COMMENT.sub("", text)
    view = _VIEW.search(code)
    return Described(
        names=(view[1],) if view else tuple(name + arguments for name, arguments in _FUNCTION.findall(code)),
        comment=comment_of(text),
        parameters=dict(_PARAMETER.findall(code)),
        columns=tuple(_columns(code)) if view else (),
    )


def comment_of(text: str) -> str:
    """Return the comment at the head of a file, without the signs that make it one."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").removeprefix(" "))
    return "\n".join(lines)


def with_comment(text: str) -> str:
    """Return the statement that makes a view, with the comment of its file, so that the database can say it too."""
    comment = comment_of(text).replace("\\", "\\\\").replace("'", "\\'")
    return f"{text.rstrip().removesuffix(';')}\nCOMMENT '{comment}'"


def _columns(code: str) -> Iterator[str]:
    """Name the columns of the outermost SELECT."""
    # Quoted text may hold anything, and is part of no name.
    code = _QUOTED.sub("''", code)
    select = code[code.rindex("\nSELECT") + len("\nSELECT") :]
    depth, item = 0, ""
    for word in re.findall(r"\w+|\W", select):
        depth += (word in "([{") - (word in ")]}")
        if depth == 0 and word in (",", "FROM"):
            yield item.split()[-1].rpartition(".")[2]
            item = ""
        else:
            item += word
        if depth == 0 and word == "FROM":
            return
