"""The shape of a field, read from its pydantic model once, for all that is derived from the models."""

from dataclasses import dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from schemas.fields import read_instant, without_nul

SCALARS: Final = (str, int, float, bool, datetime)
COVERED: Final = (read_instant, without_nul)
"""Validators that the fast path covers: by msgspec's own type, and by `schemas.screen`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What one field accepts.

    `base` is one of `SCALARS`, or `dict` for a nested object; `choices` are the texts of a `Literal`;
    `ge` and `le` bound a number, `min_length` and `max_length` a text, in characters.
    `person` says that it names a person, `free` that anything may stand in it, ids of persons too.
    """

    name: str
    wire_name: str
    base: type
    required: bool
    nullable: bool
    choices: tuple[str, ...] = ()
    ge: float | None = None
    le: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    unit: str = ""
    meaning: str = ""
    person: bool = False
    free: bool = False


def shapes(model: type[BaseModel]) -> list[Shape]:
    """Return the shapes of a model's fields, in its order. Raises TypeError for a field it cannot express."""
    return [_shape(name, field) for name, field in model.model_fields.items()]


def _shape(name: str, field: FieldInfo) -> Shape:
    """Read one field; its constraints stand on the field itself, or inside `X | None` on `X`."""
    annotation, nullable = _without_none(field.annotation)
    kind = FieldInfo.from_annotation(annotation)
    said = kind.json_schema_extra or field.json_schema_extra
    extra = said if isinstance(said, dict) else {}
    bounds = _bounds([*field.metadata, *kind.metadata])
    shape = Shape(
        name=name,
        wire_name=field.alias or name,
        base=_base(kind.annotation),
        required=field.is_required(),
        nullable=nullable,
        choices=get_args(kind.annotation) if get_origin(kind.annotation) is Literal else (),
        unit=str(extra.get("unit", "")),
        person=bool(extra.get("person")),
        free=bool(extra.get("free")),
        meaning=" ".join((field.description or "").split()),
        **bounds,
    )
    if shape.base in (int, float) and (shape.ge is None or shape.le is None):
        raise TypeError(f"{name}: a number needs both bounds, so that no sum can overflow or become NaN")
    if not shape.required and not nullable:
        raise TypeError(f"{name}: an optional field must allow null, which means the same as its absence")
    return shape


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Split `X | None` into X and True."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation, False
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if len(kinds) != 1:
        raise TypeError(f"{annotation}: a field has one type, and None")
    return kinds[0], len(kinds) < len(get_args(annotation))


def _base(annotation: Any) -> type:
    """Return the plain type behind an annotation. Raises TypeError when the decoder could not check it."""
    if annotation in SCALARS:
        return annotation  # type: ignore[no-any-return]
    if get_origin(annotation) is Literal and all(isinstance(choice, str) for choice in get_args(annotation)):
        return str
    if get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return dict
    raise TypeError(f"{annotation}: use text, int, float, bool, a Literal of texts or Instant")


def _bounds(metadata: list[Any]) -> dict[str, Any]:
    """Collect the constraints that a field's metadata states."""
    bounds: dict[str, Any] = {}
    for constraint in metadata:
        match constraint:
            case Ge(ge=ge):
                bounds["ge"] = ge
            case Le(le=le):
                bounds["le"] = le
            case MinLen(min_length=length):
                bounds["min_length"] = length
            case MaxLen(max_length=length):
                bounds["max_length"] = length
            case _:
                _refuse_unknown(constraint)
    return bounds


def _refuse_unknown(constraint: Any) -> None:
    """Let pass what the fast path covers by other means, and nothing else. Raises TypeError."""
    if getattr(constraint, "func", None) not in COVERED and not isinstance(constraint, WithJsonSchema):
        raise TypeError(f"{constraint}: only ge, le, min_length and max_length are checked by the fast path")
