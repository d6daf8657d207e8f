"""Shapes: what the fast path could not check is refused when it is declared, not found out by an event."""

from datetime import date
from typing import Annotated, Literal

import pytest
from annotated_types import MultipleOf
from pydantic import AfterValidator, BaseModel, Field

from schemas.catalog import CATALOG
from schemas.shape import Shape, shapes

Small = Annotated[int, Field(ge=0, le=9, json_schema_extra={"unit": "ms"})]


def model_with(annotation: object, default: object = None) -> type[BaseModel]:
    """Return a model with one field of a type."""
    return type("Model", (BaseModel,), {"__annotations__": {"x": annotation}, "x": default})


@pytest.mark.parametrize(
    "annotation",
    [
        int | None,
        float | None,
        Annotated[float, Field(ge=0)] | None,
        Annotated[str, Field(pattern="^a")] | None,
        Annotated[str, AfterValidator(str.strip)] | None,
        Annotated[int, Field(ge=0, le=9), MultipleOf(3)] | None,
        int | str | None,
        Small,
        Literal[1, 2] | None,
        list[str] | None,
        date | None,
    ],
    ids=str,
)
def test_what_cannot_be_checked_is_refused(annotation: object) -> None:
    with pytest.raises(TypeError):
        shapes(model_with(annotation))


def test_a_shape_says_what_the_model_says() -> None:
    [shape] = shapes(model_with(Small | None))
    assert shape == Shape("x", "x", int, required=False, nullable=True, ge=0, le=9, unit="ms")


@pytest.mark.parametrize("event", CATALOG)
def test_every_field_has_a_meaning(event: str) -> None:
    assert [shape.name for shape in shapes(CATALOG[event]) if not shape.meaning.endswith(".")] == []


@pytest.mark.parametrize("event", CATALOG)
def test_durations_have_a_unit_in_name_and_schema(event: str) -> None:
    for shape in shapes(CATALOG[event]):
        assert shape.name.endswith("_ms") == (shape.unit == "ms")
        assert shape.name.endswith("bytes") == (shape.unit == "bytes")
        assert shape.name.endswith("_count") <= (shape.base is int)
