"""Mappings: a TOML file that says which field of a foreign record is which part of our events.

    [time]                                  when the record happened
    field = "time"                          a field, "a.b" for a field within a field
    format = "rfc3339"                      or "epoch_s", "epoch_ms", or a strptime pattern
    # start = "2026-01-01T00:00:00Z"        or, for files without times: a start
    # every = "1s"                          and a step for every row

    [defaults]                              parts that all events of this file share
    user = "{user}"
    context = { service = "nova-api", source = "server" }

    [[event]]                               one record becomes one event for every table whose `when` holds
    name = "request.served"
    when = { field = "kind", equals = "api" }
    after = "1d"                            the event's time lies this long after the record's
    message_id = "nova-{request_id}"        default "{@hash}": of line number, content and name
    keep = ["method", "route"]              fields that become properties under their own names
    properties.duration_ms = { field = "seconds", scale = 1000 }
    properties.outcome = { field = "status", at_least = 400, then = "error", else = "ok" }
    properties.variant = { field = "version", map = { gate_30 = "control", gate_40 = "treatment" } }
    properties.value = { field = "rounds", as = "int" }

A value is a constant, a text with `{field}` in it (`{@line}` is the line's number, `{@hash}` the hash named
above), or a table as shown.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

Name = Annotated[str, msgspec.Meta(min_length=1)]
Constant = str | int | float | bool


class MappingError(ValueError):
    """A mapping file cannot be used; the text says where and why."""


class Condition(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What must hold of a field: every comparison given, and in any case that it is there and not empty."""

    field: Name
    equals: Constant | None = None
    differs_from: Constant | None = None
    one_of: tuple[Constant, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None


class Value(Condition, forbid_unknown_fields=True, frozen=True, rename={"otherwise": "else", "kind": "as"}):
    """A value made from one field: scaled, converted, looked up in a map, or chosen by a comparison."""

    scale: float | None = None
    kind: Literal["int", "float", "text"] | None = None
    map: dict[str, Constant] | None = None
    then: Constant | None = None
    otherwise: Constant | None = None


class TimeRule(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """When a record happened: a field and its format, or a start and a step for every row."""

    field: Name | None = None
    format: str = "rfc3339"
    start: str | None = None
    every: str = "1s"


class Context(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True, rename="camel"):
    """The envelope's context, under the envelope's own names: constants or texts with fields in them."""

    source: str | None = None
    service: str | None = None
    release: str | None = None
    environment: str | None = None
    session_id: str | None = None
    tenant_id: str | None = None


class Defaults(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The parts that all events of a file share."""

    user: str | None = None
    anonymous: str | None = None
    context: Context = Context()


class EventRule(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One event that a record becomes."""

    name: Name
    when: Condition | None = None
    after: str = "0s"
    message_id: str = "{@hash}"
    keep: tuple[Name, ...] = ()
    properties: dict[str, Constant | Value] = {}


class Mapping(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A whole mapping file."""

    time: TimeRule
    event: Annotated[tuple[EventRule, ...], msgspec.Meta(min_length=1)]
    defaults: Defaults = Defaults()


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        MappingError: there is no such file, it is not TOML, or a key is unknown or of the wrong type.
    """
    try:
        mapping = msgspec.toml.decode(path.read_bytes(), type=Mapping)
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MappingError(f"{path}: {error}") from None
    if (mapping.time.field is None) == (mapping.time.start is None):
        raise MappingError(f"{path}: [time] needs either `field` or `start`")
    return mapping
