"""Columns that no event carries but that follow from what it carries: the registry that stream, archive and recount share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.columns import UNKNOWN, Coded, Columns, Texts, coded
from pipelines.fingerprint import fingerprint

UNIT: Final = "unit"
"""Who did it: the user, or the device where the user is not known. What experiments and adoption count."""
FINGERPRINT: Final = "fingerprint"
"""What is left of a statement when its literals are out."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A text column that is computed from others.

    Attributes:
        inputs: columns and properties that it is computed from.
        compute: makes the column of some events from their inputs; as a row key it must follow from nothing else.
        sql: the same for a row `e` of the archive. Where SQL cannot compute it, the archive keeps it as a column of its own:
            a recount then proves how it was added up, and tests of `compute` what it is.
        events: names of the events that have it, None for every event; for the others it is unknown.
    """

    inputs: tuple[str, ...]
    compute: Callable[[Columns], Coded | Texts]
    sql: str
    events: tuple[str, ...] | None = None


def _unit(columns: Columns) -> Texts:
    users, devices = _array(columns, "user_id"), _array(columns, "anonymous_id")
    # An empty text is as unknown as none.
    return Texts(pc.if_else(pc.fill_null(pc.not_equal(users, UNKNOWN), False), users, devices))


def _fingerprint(columns: Columns) -> Coded:
    return coded(columns, "statement").mapped(fingerprint)


def _array(columns: Columns, name: str) -> pa.StringArray:
    column = columns[name]
    if not isinstance(column, Texts):
        raise TypeError(f"column {name} is not text of many values")
    return column.array


DERIVED: Final[Mapping[str, Derived]] = MappingProxyType(
    {
        UNIT: Derived(("user_id", "anonymous_id"), _unit, "if(e.user_id != '', e.user_id, e.anonymous_id)"),
        FINGERPRINT: Derived(("statement",), _fingerprint, "e.fingerprint", events=("db.query",)),
    }
)
"""All derived columns, by name."""
