"""The verdict on one record, slow and obvious: the pydantic models decide, the first error names the reason.

The order of the questions: `too_large`, `too_deep`, `not_json`, `not_an_object`, then the envelope
(`missing:…`, `invalid:…`), then `unknown_event` if the catalog is strict, then the properties. Of a member
that occurs twice the last counts. Null means absent where a field is optional, and is invalid where it is
required.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

from schemas.catalog import Properties, catalog_name, properties_model
from schemas.envelope import CALLS, Call
from schemas.screen import MAX_DEPTH, depth

MAX_DETAIL: Final = 200
_NESTED: Final = ("context", "properties")
_UNREADABLE: Final = object()
"""Stands for a number that Python cannot read: no field accepts it, an unknown member may hold it."""

M = TypeVar("M", bound=BaseModel)

_read_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_syntax = msgspec.json.Decoder(msgspec.Raw).decode
_read_value = msgspec.json.Decoder(float_hook=float).decode


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record is refused: a reason from a bounded set; a detail for people, up to 200 characters."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A good record, read.

    `canonical` is the record without repeated members and without members that are null, every other value in
    its own bytes: what the Structs of `schemas.narrow` accept however oddly the record was written.
    """

    event: str
    envelope: Call
    properties: Properties
    canonical: bytes


class _Refused(Exception):  # noqa: N818 - it carries a verdict, not an error
    """Ends the questions at the first one that a record fails."""

    def __init__(self, reason: str, detail: str) -> None:
        self.rejection = Rejection(reason, detail[:MAX_DETAIL])


def judge(raw: bytes, *, max_bytes: int, strict_catalog: bool = False) -> Rejection | Accepted:
    """Judge one record: accept it, or name the first thing that is wrong with it. Never raises."""
    try:
        members = _members(raw, max_bytes)
        envelope = _envelope({name: _value(name, member) for name, member in members.items()})
        if strict_catalog and catalog_name(envelope.event) is None:
            raise _Refused("unknown_event", f"the catalog has no event {envelope.event!r}")
        properties = _validate(properties_model(envelope.event), envelope.properties or {}, "properties.")
    except _Refused as refused:
        return refused.rejection
    return Accepted(envelope.event, envelope, properties, _canonical(members))


def _members(raw: bytes, max_bytes: int) -> dict[str, msgspec.Raw]:
    """Split a record into its members, once it is sure that it is one JSON object."""
    if len(raw) > max_bytes:
        raise _Refused("too_large", f"{len(raw)} bytes, at most {max_bytes} are taken")
    if (levels := depth(raw)) > MAX_DEPTH:
        raise _Refused("too_deep", f"{levels} objects and arrays inside one another, at most {MAX_DEPTH} are taken")
    try:
        raw.decode()
        _read_syntax(raw)
    except (UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise _Refused("not_json", str(error)) from None
    try:
        return _read_members(raw)
    except msgspec.ValidationError as error:
        raise _Refused("not_an_object", str(error)) from None


def _value(name: str, member: msgspec.Raw) -> Any:
    """Read a member of the envelope; `context` and `properties` member by member."""
    if name in _NESTED and (nested := _object(member)) is not None:
        return {inner: _value("", value) for inner, value in nested.items()}
    try:
        return _read_value(member)
    except msgspec.ValidationError:
        return _UNREADABLE


def _object(member: msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    """Split a member into its own members; None when it is not an object."""
    try:
        return _read_members(member)
    except msgspec.ValidationError:
        return None


def _envelope(record: dict[str, Any]) -> Call:
    """Validate the envelope by the model of its call."""
    if "type" not in record:
        raise _Refused("missing:type", f"one of {', '.join(CALLS)}")
    call = record["type"]
    if not isinstance(call, str) or call not in CALLS:
        raise _Refused("invalid:type", f"must be one of {', '.join(CALLS)}")
    return _validate(CALLS[call], record)


def _validate(model: type[M], record: dict[str, Any], path: str = "") -> M:
    """Validate by a model; its first error, in the order of its fields, refuses the record."""
    try:
        return model.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        verdict = "missing" if first["type"] == "missing" else "invalid"
        field = path + ".".join(str(part) for part in first["loc"])
        raise _Refused(f"{verdict}:{field}", first["msg"]) from None


def _canonical(members: dict[str, msgspec.Raw]) -> bytes:
    """Write the record again with each member once and none that is null; values keep their bytes."""
    kept = {name: member for name, member in members.items() if bytes(member) != b"null"}
    for name in _NESTED:
        if name in kept:
            kept[name] = msgspec.Raw(msgspec.json.encode(_read_members(kept[name])))
    return msgspec.json.encode(kept)
