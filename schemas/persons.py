"""Which members of an event name persons, and which columns of tables therefore hold their pseudonyms.

Both follow from the kind `PersonId` of the fields; only the names that columns are derived under are stated here.
"""

from functools import lru_cache
from typing import Final

from schemas.catalog import CATALOG, Properties, properties_model
from schemas.envelope import Context, Track
from schemas.shape import Shape, shapes

OWNERS: Final = ("user_id", "unit")
"""Columns that say whose row it is: the user, or (`unit`) the device where no user is known."""


def person_properties(event: str) -> tuple[str, ...]:
    """Name the properties of an event that name persons."""
    return _told(properties_model(event))[0]


def free_properties(event: str) -> tuple[str, ...]:
    """Name the properties of an event that ids of persons may be found in, among other text."""
    return _told(properties_model(event))[1]


@lru_cache
def _told(model: type[Properties]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    own = shapes(model)
    return tuple(shape.name for shape in own if shape.person), tuple(shape.name for shape in own if shape.free)


def _persons(fields: list[Shape]) -> list[Shape]:
    return [shape for shape in fields if shape.person]


_ENVELOPE: Final = _persons([*shapes(Track), *shapes(Context)])
_PROPERTIES: Final = [shape for model in CATALOG.values() for shape in _persons(shapes(model))]

PROPERTIES: Final = tuple(sorted({shape.name for shape in _PROPERTIES}))
"""Properties that name persons, of whatever event."""

ENVELOPE_IDS: Final = tuple(shape.name for shape in _ENVELOPE)
"""Columns of every event that hold pseudonyms."""

MEMBERS: Final = tuple(sorted({name for shape in (*_ENVELOPE, *_PROPERTIES) for name in (shape.name, shape.wire_name)}))
"""Names under which records carry ids of persons, in both spellings, since a rejected record may have the wrong one."""

LINKED: Final = tuple(name for name in ENVELOPE_IDS if name not in OWNERS)
"""Columns with ids of a person's devices and sessions: they make a row that person's unless an owner is named."""

OWN: Final = (*OWNERS, *PROPERTIES)
"""Columns that make a row a person's, whatever else stands in it."""

COLUMNS: Final = (*OWN, *LINKED)
"""All columns of tables that hold pseudonyms."""
