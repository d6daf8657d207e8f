"""Errors: when they are raised and when the application or its user recovers."""

from schemas.catalog.base import Properties
from schemas.fields import FreeText, Identifier, Label


class ErrorRaised(Properties):
    """Something went wrong."""

    kind: Identifier
    """Class of error, for example `validation` or `network`."""

    code: Label | None = None
    """The error's code."""

    message: FreeText | None = None
    """The error's message."""

    handled: bool | None = None
    """Whether the application dealt with it."""


class ErrorRecovered(Properties):
    """Work went on after an error; `duration_ms` is the time from the error to the recovery."""

    kind: Identifier
    """Class of the error recovered from."""

    code: Label | None = None
    """The error's code."""


EVENTS: dict[str, type[Properties]] = {
    "error.raised": ErrorRaised,
    "error.recovered": ErrorRecovered,
}
