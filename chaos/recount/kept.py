"""Tables that keep events one by one: for each its events, and what a row tells of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chaos.recount.fingerprints import fingerprint
from chaos.recount.json_values import written
from chaos.recount.reading import Event
from chaos.recount.table import Kind, Row, Table

Tell = Callable[[Event], Any]
PLACE = ("partition", "offset")
"""What tells a kept event from all others."""

ENVELOPE: Mapping[str, Tell] = {
    "event": lambda event: event.name,
    "message_id": lambda event: event.message_id,
    "user_id": lambda event: event.user,
    "anonymous_id": lambda event: event.device,
    "unit": lambda event: event.unit,
    "session_id": lambda event: event.session,
    "tenant_id": lambda event: event.tenant,
    "source": lambda event: event.source,
    "service": lambda event: event.service,
    "release": lambda event: event.release,
    "environment": lambda event: event.environment,
    "properties": lambda event: written(event.properties),
    "fingerprint": lambda event: fingerprint(event.text("statement")) if event.name == "db.query" else "",
}
"""Columns that do not stand in the properties."""
NUMBERS = frozenset(
    (
        *(
            "completed",
            "guided",
            "value",
            "score",
            "duration_ms",
            "step_index",
            "elements_count",
            "library_items_count",
        ),
        *("used_bulk", "used_spreadsheet", "estimated_cost", "actual_cost", "revision", "revisions_count", "found_at"),
    )
)
"""Properties that are numbers or yes and no; the others are text."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A table of events.

    Attributes:
        table: its name.
        names: how the names of its events begin, up to a `*`; none: all events are kept.
        columns: what a row tells besides its times, its place and whether it was late.
    """

    table: str
    names: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def described(self) -> Table:
        """Describe the table."""
        kinds = {name: Kind.NUMBER if name in NUMBERS else Kind.TEXT for name in self.columns}
        if "properties" in kinds:
            kinds["properties"] = Kind.JSON
        own = {"late": Kind.NUMBER, "partition": Kind.NUMBER, "offset": Kind.NUMBER}
        return Table(self.table, PLACE, {"time": Kind.MOMENT, "received_at": Kind.MOMENT, **kinds, **own})

    def keeps(self, name: str) -> bool:
        """Tell whether events of this name are kept."""
        if not self.names:
            return True
        return any(name.startswith(own[:-1]) if own.endswith("*") else name == own for own in self.names)

    def row(self, event: Event, record_time: int, place: tuple[int, int], *, late: bool) -> Row:
        """Give the row of an event; `place` is partition and offset."""
        return (event.time, record_time, *(_told(event, name) for name in self.columns), late, *place)


def _told(event: Event, name: str) -> Any:
    if name in ENVELOPE:
        return ENVELOPE[name](event)
    return event.known.get(name) if name in NUMBERS else event.text(name)


_WHO = ("unit", "session_id", "tenant_id")

KEPT: tuple[Kept, ...] = (
    Kept(
        "events_rows",
        (),
        (
            *("event", "message_id", "user_id", "anonymous_id", "session_id", "tenant_id"),
            *("source", "service", "release", "environment", "duration_ms", "outcome", "properties", "fingerprint"),
        ),
    ),
    Kept(
        "journey_steps_rows",
        ("journey.step",),
        (*_WHO, "environment", "journey", "journey_id", "step", "step_index"),
    ),
    Kept("tasks_rows", ("task.completed",), (*_WHO, "environment", "task", "completed", "guided", "duration_ms")),
    Kept(
        "feedback_rows",
        ("feedback.submitted",),
        (*_WHO, "environment", "release", "kind", "score", "feature", "area", "text"),
    ),
    Kept(
        "estimates_rows",
        ("estimate.created", "estimate.revised", "estimate.closed"),
        (
            *("event", *_WHO, "environment", "estimate_id", "duration_ms", "outcome", "elements_count"),
            *("library_items_count", "used_bulk", "used_spreadsheet", "estimated_cost", "actual_cost", "currency"),
            *("revision", "revisions_count"),
        ),
    ),
    Kept(
        "experiment_goals_rows",
        ("task.completed", "estimate.created", "goal.*"),
        ("event", "unit", "environment", "task", "completed", "value", "duration_ms", "outcome"),
    ),
    Kept(
        "data_access_rows",
        ("data.accessed",),
        (*(*_WHO, "service", "environment", "action", "object_type", "object_id", "subject_id", "reason", "outcome"),),
    ),
    Kept(
        "security_findings_rows",
        ("security.finding",),
        ("environment", "finding_id", "severity", "scanner", "status", "found_at"),
    ),
)
"""All tables of events."""
