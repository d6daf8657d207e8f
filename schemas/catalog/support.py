"""What users say and ask, and the guidance that they get."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.catalog.base import Properties
from schemas.fields import FreeText, Identifier, Label


class FeedbackSubmitted(Properties):
    """A user gave feedback."""

    kind: Literal["nps", "rating", "bug", "feature_request", "comment"]
    """What was given."""

    score: Annotated[float, Field(ge=0, le=10)] | None = None
    """The score given: 0 to 10 for `nps`, 1 to 5 for `rating`."""

    feature: Label | None = None
    """The feature that it is about."""

    area: Label | None = None
    """The area of the application that it is about."""

    text: FreeText | None = None
    """What the user wrote."""


class SupportTicketOpened(Properties):
    """A user asked for support."""

    ticket_id: Identifier
    """The ticket."""

    area: Label | None = None
    """The area of the application that it is about."""

    severity: Label | None = None
    """How bad it is, in the words of the help desk."""


class GuidanceShown(Properties):
    """A tour, hint or help text was shown, followed or dismissed."""

    guide: Identifier
    """The guide."""

    action: Literal["shown", "followed", "dismissed"]
    """What became of it."""

    task: Label | None = None
    """The task that it is meant to help with."""


EVENTS: dict[str, type[Properties]] = {
    "feedback.submitted": FeedbackSubmitted,
    "support.ticket_opened": SupportTicketOpened,
    "guidance.shown": GuidanceShown,
}
