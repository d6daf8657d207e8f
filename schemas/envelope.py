"""The envelope: what every record says about its event, in the words of Segment's calls.

Each of the five calls is a model. A `track` call names its event; the others each make one event of the
catalog. Models are strict (a number as text is wrong, an integer is a float) and ignore members that nobody
declared.
"""

from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from schemas.fields import Instant, Name, OptionalName, PersonId


class WireModel(BaseModel):
    """A strict model whose members are camelCase on the wire."""

    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, alias_generator=to_camel, use_attribute_docstrings=True
    )


class Context(WireModel):
    """Where an event comes from: the dimensions that every figure can be split by."""

    source: OptionalName | None = None
    """Side of the application, for example `client` or `server`."""

    service: OptionalName | None = None
    """Service or program that emitted the event."""

    release: OptionalName | None = None
    """Its version."""

    environment: OptionalName | None = None
    """Deployment, for example `production`."""

    session_id: PersonId | None = None
    """The user's session."""

    tenant_id: OptionalName | None = None
    """The customer that the user belongs to."""


class Envelope(WireModel):
    """What all calls share."""

    message_id: Name
    """Id of the event; a retry carries the same one, and so is recognised as a duplicate."""

    timestamp: Instant
    """When it happened, by the emitter's clock."""

    sent_at: Instant | None = None
    """When it was sent, by the emitter's clock."""

    received_at: Instant | None = None
    """When the collector took it, by the collector's clock; with `sentAt` it corrects the emitter's clock."""

    user_id: PersonId | None = None
    """The user, where known."""

    anonymous_id: PersonId | None = None
    """The browser or device, before the user is known."""

    context: Context | None = None
    """Where the event comes from."""

    properties: dict[str, Any] | None = None
    """What the event carries; the catalog says what is checked, the rest is kept as it is."""


class Track(Envelope):
    """Something happened; the call names its event."""

    type: Literal["track"]
    """Which call it is."""

    event: Name
    """The event's name."""


class Page(Envelope):
    """A page was shown: the event `page.viewed`."""

    type: Literal["page"]
    """Which call it is."""

    event: ClassVar[str] = "page.viewed"


class Screen(Envelope):
    """A screen was shown: the event `screen.viewed`."""

    type: Literal["screen"]
    """Which call it is."""

    event: ClassVar[str] = "screen.viewed"


class Identify(Envelope):
    """A user became known: the event `user.identified`."""

    type: Literal["identify"]
    """Which call it is."""

    event: ClassVar[str] = "user.identified"


class Group(Envelope):
    """A user joined a group: the event `group.joined`."""

    type: Literal["group"]
    """Which call it is."""

    event: ClassVar[str] = "group.joined"


Call = Track | Page | Screen | Identify | Group

CALLS: Final = MappingProxyType[str, type[Call]](
    {"track": Track, "page": Page, "screen": Screen, "identify": Identify, "group": Group}
)
"""The model of each call, by the envelope's `type`."""
