"""Reads sql/annotations: what happened that a line in a plot may owe its shape to, for Grafana and the local page alike.

A file has the header of a panel's file (title, colour, definition) and a query for `time`, `timeEnd` (NULL: a moment) and `text`.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dashboards.panels import PanelError, split_header

FOLDER = Path(__file__).resolve().parent.parent / "sql" / "annotations"
KEYS = {"title", "colour", "definition"}
COLUMNS = ("time", "timeEnd", "text")
"""As Grafana names them."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A kind of thing that happens: its `name` is its file, `colour` one that Grafana knows by name."""

    name: str
    title: str
    colour: str
    definition: str
    sql: str


@cache
def annotations() -> tuple[Annotation, ...]:
    """Read all, in the order of their names.

    Raises:
        PanelError: a file says what cannot be.
    """
    return tuple(_annotation(path.stem, path.read_text()) for path in sorted(FOLDER.glob("*.sql")))


def _annotation(name: str, text: str) -> Annotation:
    head, sql = split_header(text)
    if set(head) != KEYS:
        raise PanelError(f"sql/annotations/{name}.sql: the header says {', '.join(sorted(KEYS))}, and nothing else")
    return Annotation(name, head["title"], head["colour"], head["definition"], sql)
