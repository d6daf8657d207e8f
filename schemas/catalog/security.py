"""Security: who accessed which data, and what scanners found."""

from typing import Literal

from schemas.catalog.base import Properties
from schemas.fields import FreeText, Identifier, Instant, Label, PersonId


class DataAccessed(Properties):
    """Somebody (the envelope's `userId`) read, changed or exported data: one line of the audit trail."""

    action: Identifier
    """What was done, for example `read`, `export` or `delete`."""

    object_type: Identifier
    """Type of the object accessed."""

    object_id: Label | None = None
    """The object accessed."""

    subject_id: PersonId | None = None
    """The person that the data is about."""

    reason: FreeText | None = None
    """Why, as stated."""


class SecurityFinding(Properties):
    """A scanner reported a finding or a change of its status."""

    finding_id: Identifier
    """The finding."""

    severity: Literal["low", "medium", "high", "critical"]
    """How bad it is."""

    scanner: Label | None = None
    """The scanner."""

    status: Label | None = None
    """Where its treatment stands, for example `open` or `fixed`."""

    found_at: Instant | None = None
    """When it was first found."""


EVENTS: dict[str, type[Properties]] = {
    "data.accessed": DataAccessed,
    "security.finding": SecurityFinding,
}
