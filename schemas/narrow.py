"""The fast path's types: msgspec Structs derived from the pydantic models, field by field.

A record is decoded in three steps: `ENVELOPE`, then its `context` as `CONTEXT` and its `properties` as
`properties_struct(event)`. The context is a step of its own because few are different: equal bytes are read
once. The Structs accept what the models accept (types, ranges, lengths, choices, null), and an absent
optional field is None. They are at most stricter, for records that write one thing in an odd way:

- a member that occurs twice: every occurrence must be valid, where the models see the last alone (of a context and of
  properties the last alone is read);
- `"properties": null` or `"context": null`, which no Struct can be read from.

So what a Struct refuses goes to `schemas.reference.judge`, which gives the reason, or the record in
`canonical` form, which the Structs accept. What msgspec does not see while it skips a member or keeps it as
`Raw`:

- invalid UTF-8 inside a text or a member's name;
- nesting: it stops with RecursionError near the interpreter's limit, which depends on the caller's own depth;
- the range of numbers (1e400 and an integer of 5,000 digits pass), which only matters in a member that is
  known.

It does see, even there: every error of syntax, control characters in a text, a lone surrogate escape, NaN
and Infinity, a second document, an empty record. And no Struct checks for U+0000 in a text.
`schemas.screen` finds the records that this list concerns; they are judged before they are decoded.
"""

from datetime import datetime
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import BaseModel

from schemas.catalog import CATALOG, Properties, catalog_name
from schemas.envelope import CALLS, Call, Context
from schemas.shape import Shape, shapes

EMPTY_OBJECT: Final = msgspec.Raw(b"{}")


def properties_struct(event: str) -> type[msgspec.Struct]:
    """Return the Struct of an event's properties; an unknown name has the base properties."""
    name = catalog_name(event)
    return BASE_PROPERTIES if name is None else PROPERTIES[name]


def struct_of(model: type[BaseModel]) -> type[msgspec.Struct]:
    """Derive a Struct: the model's field names, the wire's member names; a nested object stays raw."""
    return _define(model.__name__, shapes(model))


def _call_struct(call: str, model: type[Call]) -> type[msgspec.Struct]:
    """Derive the Struct of one call, told by its `type`; where `event` is no member, it is a constant."""
    fields = [shape for shape in shapes(model) if shape.name != "type"]
    constant = {} if "event" in model.model_fields else {"event": model.event}
    return _define(model.__name__, fields, tag_field="type", tag=call, namespace=constant)


def _define(name: str, fields: list[Shape], **options: Any) -> type[msgspec.Struct]:
    """Define a Struct. No field can hold a reference cycle, so instances stay out of garbage collection."""
    return msgspec.defstruct(
        name,
        [_field(shape) for shape in fields],
        rename={shape.name: shape.wire_name for shape in fields},
        kw_only=True,
        gc=False,
        module=__name__,
        **options,
    )


def _field(shape: Shape) -> tuple[str, Any] | tuple[str, Any, Any]:
    """Turn a shape into a field of `msgspec.defstruct`."""
    if shape.name == "context" or shape.base is dict:
        return shape.name, msgspec.Raw, EMPTY_OBJECT
    if shape.required:
        return shape.name, _type(shape)
    return shape.name, _type(shape) | None, None


def _type(shape: Shape) -> Any:
    """Return the msgspec type that checks what the shape says."""
    if shape.choices:
        return Literal[shape.choices]
    if shape.base is datetime:
        return Annotated[datetime, msgspec.Meta(tz=True)]
    if shape.base is bool:
        return bool
    if shape.base is str:
        return Annotated[str, msgspec.Meta(min_length=shape.min_length, max_length=shape.max_length)]
    return Annotated[shape.base, msgspec.Meta(ge=shape.ge, le=shape.le)]


CONTEXT: Final = struct_of(Context)
"""Struct of the envelope's `context`."""

ENVELOPE: Final[Any] = reduce(or_, (_call_struct(call, model) for call, model in CALLS.items()))
"""Union of the calls' Structs.

Fields: `event`, `message_id`, `timestamp`, `sent_at`, `received_at` (datetimes with a zone), `user_id`,
`anonymous_id`, `context` and `properties` as `msgspec.Raw` (`{}` when absent).
"""

BASE_PROPERTIES: Final = struct_of(Properties)
"""Struct of what every event may carry."""

PROPERTIES: Final = MappingProxyType({event: struct_of(model) for event, model in CATALOG.items()})
"""Struct of each event of the catalog, by its name there."""
