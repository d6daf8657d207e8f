"""Writes the data dictionary in Markdown: every event and property with type, unit, range and meaning."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from inspect import getdoc
from types import ModuleType
from typing import Final

from pydantic import BaseModel

from schemas.catalog import Properties
from schemas.catalog.registry import FAMILIES
from schemas.envelope import CALLS, Context, Track
from schemas.shape import Shape, shapes

_INTRODUCTION: Final = """\
# Data dictionary

Generated from `schemas/` by `tidegauge schema`; change the models, not this page. The same facts for
programs are the JSON Schema files in `docs/schemas/`.

An optional field may be absent or null, which is the same. Types are strict: a number as text is wrong, and
so is 3.0 for an integer. An id of a person is text, and stored as a pseudonym alone. Members that are not
listed are kept in the archive and not checked. An event whose name is not listed is taken with the
envelope's rules and the properties of every event, unless `catalog_strict` is on.
"""

_TYPE_NAMES: Final[dict[type, str]] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    datetime: "time (RFC 3339 with zone)",
    dict: "object",
}


def data_dictionary(extra_sections: Sequence[str] = ()) -> str:
    """Return the whole page. Extra sections (Markdown that begins with a `##` heading) follow the events."""
    sections = [
        _INTRODUCTION,
        _envelope(),
        "## Properties of every event\n\n" + _sentence(Properties) + "\n\n" + _table(shapes(Properties)),
        "## Events\n",
        *(_family(family) for family in FAMILIES),
        *(section.strip() + "\n" for section in extra_sections),
    ]
    return "\n".join(sections)


def _envelope() -> str:
    """Return the section about the envelope and its context."""
    calls = "".join(f"- `{call}`: {_sentence(model)}\n" for call, model in CALLS.items())
    fields = [shape for shape in shapes(Track) if shape.name != "type"]
    return (
        f"## Envelope\n\n`type` says which call a record is:\n\n{calls}\n{_table(fields)}\n"
        "`event` is a member of `track` calls alone.\n\n"
        f"### Context\n\n{_sentence(Context)}\n\n{_table(shapes(Context))}"
    )


def _family(family: ModuleType) -> str:
    """Return the part about one event family; what every event has is not said again."""
    common = Properties.model_fields
    parts = [f"### {_first_line(family.__doc__)}\n"]
    for event, model in family.EVENTS.items():
        own = [shape for shape in shapes(model) if shape.name not in common]
        parts.append(f"#### `{event}`\n\n{_sentence(model)}\n" + (f"\n{_table(own)}" if own else ""))
    return "\n".join(parts)


def _table(fields: Iterable[Shape]) -> str:
    """Return a table with one line per field."""
    head = "| name | type | unit | range | required | meaning |\n|---|---|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(_cells(shape))} |\n" for shape in fields)


def _cells(shape: Shape) -> tuple[str, ...]:
    """Return the cells of a field's line."""
    required = "yes" if shape.required else ""
    kind = "id of a person" if shape.person else _TYPE_NAMES[shape.base]
    return f"`{shape.wire_name}`", kind, shape.unit, _range(shape), required, shape.meaning


def _range(shape: Shape) -> str:
    """Say what a field's value may be, beyond its type."""
    if shape.choices:
        return ", ".join(f"`{choice}`" for choice in shape.choices)
    if shape.ge is not None and shape.le is not None:
        return f"{_number(shape.ge)} to {_number(shape.le)}"
    if shape.max_length is None:
        return ""
    if shape.min_length == shape.max_length:
        return f"{shape.max_length} characters"
    return f"{shape.min_length or 0:,} to {shape.max_length:,} characters"


def _number(value: float) -> str:
    """Write a bound with separators, and without a fraction that is nought."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"


def _sentence(model: type[BaseModel]) -> str:
    """Return a model's docstring as one paragraph."""
    return " ".join((getdoc(model) or "").split())


def _first_line(docstring: str | None) -> str:
    """Return the first line of a docstring as a heading, without its full stop."""
    return (docstring or "").strip().splitlines()[0].rstrip(".")
