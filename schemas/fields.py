"""The kinds of field that events are made of: every length, range and unit is stated here, once.

`schemas.narrow` turns the same kinds into msgspec types, so a new kind may use text, integers, floats,
booleans, `Literal` choices and `Instant`, bounded by `ge`, `le`, `min_length` and `max_length`; nothing else.
"""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

DAY_MS: Final = 86_400_000

_InstantText = Annotated[datetime, msgspec.Meta(tz=True)]


def read_instant(value: object) -> datetime:
    """Read an RFC 3339 text as msgspec reads it, so that the fast decoder and the models cannot differ.

    Raises ValueError (msgspec's ValidationError) when it is none, or has no zone.
    """
    moment: datetime = msgspec.convert(value, _InstantText)
    return moment


def without_nul(text: str) -> str:
    """Refuse U+0000: ids, names and dimensions meet tools that end a text there. Raises ValueError."""
    if "\0" in text:
        raise ValueError("must not contain U+0000")
    return text


_NO_NUL: Final = (AfterValidator(without_nul), Field(json_schema_extra={"pattern": "^[^\\u0000]*$"}))

Name = Annotated[str, Field(min_length=1, max_length=128), *_NO_NUL]
"""Text of the envelope that must say something; 1 to 128 characters, no U+0000."""

OptionalName = Annotated[str, Field(max_length=128), *_NO_NUL]
"""Text of the envelope that may be empty; up to 128 characters, no U+0000."""

PersonId = Annotated[str, Field(max_length=128, json_schema_extra={"person": True}), *_NO_NUL]
"""What names a person, or a device or session of one; may be empty, up to 128 characters, no U+0000.

Outside Kafka it is only ever kept as a pseudonym, see `pipelines.pseudonyms`.
"""

Identifier = Annotated[str, Field(min_length=1, max_length=128)]
"""Text that names one thing; 1 to 128 characters."""

Label = Annotated[str, Field(max_length=128)]
"""Short text that events are grouped by; up to 128 characters."""

FreeText = Annotated[str, Field(max_length=4096, json_schema_extra={"free": True})]
"""What a person or a program wrote; up to 4,096 characters. An id of the event's own person in it is replaced, too."""

Currency = Annotated[str, Field(min_length=3, max_length=3)]
"""ISO 4217 code, for example EUR."""

Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
"""How many; 0 to a thousand million."""

ByteSize = Annotated[int, Field(ge=0, le=2**53, json_schema_extra={"unit": "bytes"})]
"""Size in bytes, up to the largest integer that every JSON reader keeps exact."""

Ratio = Annotated[float, Field(ge=0, le=1, json_schema_extra={"unit": "ratio"})]
"""A share of a whole, 0 to 1."""

Money = Annotated[float, Field(ge=0, le=1e12, json_schema_extra={"unit": "currency units"})]
"""An amount in whole units (euros, not cents) of the event's currency."""

Amount = Annotated[float, Field(ge=-1e12, le=1e12)]
"""How much of something that only the emitter knows, in the emitter's unit; up to a million millions either way."""

Milliseconds = Annotated[float, Field(ge=0, le=DAY_MS, json_schema_extra={"unit": "ms"})]
"""A duration of at most a day."""

Instant = Annotated[
    datetime,
    BeforeValidator(read_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="validation"),
]
"""RFC 3339 text with a zone.

A full date, then `T`, `t` or a space, the time with seconds (00 to 59) and perhaps a fraction (rounded to
the microsecond), then `Z`, `z`, `+hh:mm` or `+hhmm` up to 23:59. Years 0001 to 9999. Refused: a date alone,
a time without seconds or without a zone, a leap second, 24:00:00, a comma before the fraction, and numbers.
"""
