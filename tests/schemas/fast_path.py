"""The fast path in miniature: the screen and the Structs put together as the decoder does."""

from dataclasses import dataclass
from typing import Any

import msgspec

from schemas.narrow import CONTEXT, ENVELOPE, properties_struct
from schemas.reference import Accepted
from schemas.screen import is_suspect

MAX_BYTES = 32_768


@dataclass(frozen=True)
class Decoded:
    """What the Structs read from a record, by field name."""

    event: str
    envelope: dict[str, Any]
    context: dict[str, Any]
    properties: dict[str, Any]


def decode(raw: bytes) -> Decoded | None:
    """Read a record by the Structs; None when they refuse it or it may not be shown to them."""
    return None if is_suspect(raw, max_bytes=MAX_BYTES) else read(raw)


def read(raw: bytes) -> Decoded | None:
    """Read a record by the Structs; None when they refuse it."""
    try:
        envelope = msgspec.json.decode(raw, type=ENVELOPE)
        context = msgspec.json.decode(envelope.context, type=CONTEXT)
        properties = msgspec.json.decode(envelope.properties, type=properties_struct(envelope.event))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    fields = msgspec.structs.asdict(envelope)
    fields.pop("event", None)
    fields.pop("properties")
    fields.pop("context")
    return Decoded(envelope.event, fields, msgspec.structs.asdict(context), msgspec.structs.asdict(properties))


def expected(accepted: Accepted) -> Decoded:
    """Return what the Structs must read from a record that the models accept."""
    envelope = accepted.envelope.model_dump(exclude={"type", "event", "context", "properties"})
    context = accepted.envelope.context.model_dump() if accepted.envelope.context else dict.fromkeys(_CONTEXT)
    return Decoded(accepted.event, envelope, context, accepted.properties.model_dump())


_CONTEXT = ("source", "service", "release", "environment", "session_id", "tenant_id")
