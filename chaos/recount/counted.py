"""Tables whose rows count events by window: for each its window, its events, how a row is named and how an event enters it.

Told anew, one plain function a table: a row is a dict of figures, and an event is added to it with a few statements.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chaos.recount.buckets import bucket
from chaos.recount.fingerprints import fingerprint
from chaos.recount.reading import Event
from chaos.recount.table import Key, Kind, Rows, Table, sketch_text

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
Figures = dict[str, Any]
COUNT = {"count": 0}
LATENCY: Figures = {
    "outcomes": 0,
    "errors": 0,
    "duration_count": 0,
    "duration_sum_ns": 0,
    "duration_max_ms": None,
    "duration_sketch": None,
}
LIBRARY = ("library.search", "library.item_selected", "library.item_created")


@dataclass(frozen=True, slots=True)
class Counted:
    """A table of counts.

    Attributes:
        table: its name.
        window: length of the window, ms.
        names: names of the events that are counted; none: all.
        by: names of the texts that a row is named by, besides window, partition and late block.
        texts: gives these texts of an event, or None where the event is not counted.
        start: figures of a row without an event.
        add: enters an event into a row.
    """

    table: str
    window: int
    names: tuple[str, ...]
    by: tuple[str, ...]
    texts: Callable[[Event], tuple[str, ...] | None]
    start: Figures
    add: Callable[[Figures, Event], None]

    @property
    def described(self) -> Table:
        """Describe the table."""
        figures = {name: Kind.SKETCH if name == "duration_sketch" else Kind.NUMBER for name in self.start}
        return windowed(self.table, self.by, figures)


def windowed(name: str, by: tuple[str, ...], figures: dict[str, Kind]) -> Table:
    """Describe a table by window."""
    kinds = {
        "window_start": Kind.SECONDS,
        **dict.fromkeys(by, Kind.TEXT),
        "partition": Kind.NUMBER,
        "late_block": Kind.NUMBER,
    }
    return Table(name, tuple(kinds), {**kinds, **figures, "version": Kind.NUMBER})


@dataclass(slots=True)
class Counting:
    """A table of counts that fills with the events of one partition."""

    counted: Counted
    _rows: dict[Key, Figures] = field(default_factory=dict)

    def take(self, event: Event, partition: int, late_block: int) -> None:
        """Enter an event; late block 0: it was not late."""
        texts = self.counted.texts(event)
        if texts is None:
            return
        start = event.time // self.counted.window * self.counted.window // 1000
        key = (start, *texts, partition, late_block)
        figures = self._rows.get(key)
        if figures is None:
            figures = self._rows[key] = {**self.counted.start, "version": 0}
        self.counted.add(figures, event)
        figures["version"] += 1

    def rows(self) -> Rows:
        """Give the finished rows."""
        return {key: (*key, *map(_finished, figures.values())) for key, figures in self._rows.items()}


def _finished(figure: Any) -> Any:
    return sketch_text(figure) if isinstance(figure, dict) else figure


def scaled(value: float, scale: int) -> int:
    """Give a value in units of 1/scale, as the nearest whole number; exactly half a unit is rounded up.

    This is exact. The pipeline multiplies floats, which may go the other way where a value lies within some billionths of half a
    unit; no duration with up to three digits after the point does.
    """
    numerator, denominator = value.as_integer_ratio()
    return (2 * numerator * scale + denominator) // (2 * denominator)


def _keep_least(figures: Figures, name: str, value: float) -> None:
    if figures[name] is None or value < figures[name]:
        figures[name] = value


def _keep_most(figures: Figures, name: str, value: float) -> None:
    if figures[name] is None or value > figures[name]:
        figures[name] = value


def _with_place(event: Event) -> tuple[str, ...]:
    return event.service, event.source, event.release, event.environment


def _add_latency(figures: Figures, event: Event) -> None:
    outcome, duration = event.known.get("outcome"), event.known.get("duration_ms")
    if outcome is not None:
        figures["outcomes"] += 1
    if outcome == "error":
        figures["errors"] += 1
    if figures["duration_sketch"] is None:
        figures["duration_sketch"] = {}
    if duration is not None:
        figures["duration_count"] += 1
        figures["duration_sum_ns"] += scaled(duration, 1_000_000)
        _keep_most(figures, "duration_max_ms", duration)
        own = bucket(duration)
        figures["duration_sketch"][own] = figures["duration_sketch"].get(own, 0) + 1


def _operation(event: Event) -> tuple[str, ...]:
    return event.name, *_with_place(event)


def _add_operation(figures: Figures, event: Event) -> None:
    figures["count"] += 1
    _add_latency(figures, event)


def _error(event: Event) -> tuple[str, ...]:
    return event.name, event.text("kind"), event.text("code"), *_with_place(event)


def _add_error(figures: Figures, event: Event) -> None:
    figures["count"] += 1
    if event.known.get("handled"):
        figures["handled"] += 1


def _active(event: Event) -> tuple[str, ...] | None:
    return (event.unit, event.environment) if event.unit else None


def _add_activity(figures: Figures, event: Event) -> None:
    figures["count"] += 1
    if event.user:
        figures["signed_in"] += 1


def _feature(event: Event) -> tuple[str, ...] | None:
    return (event.name, event.text("feature"), event.unit, event.environment) if event.unit else None


def _add_use(figures: Figures, event: Event) -> None:
    _add_activity(figures, event)
    _keep_least(figures, "first_ms", event.time)
    _keep_most(figures, "last_ms", event.time)


def _flag(event: Event) -> tuple[str, ...] | None:
    return (event.text("flag"), event.text("variant"), event.unit, event.environment) if event.unit else None


def _exposure(event: Event) -> tuple[str, ...] | None:
    return (event.text("experiment"), event.unit, event.text("variant"), event.environment) if event.unit else None


def _add_first(figures: Figures, event: Event) -> None:
    figures["count"] += 1
    _keep_least(figures, "first_ms", event.time)


def _guide(event: Event) -> tuple[str, ...]:
    return event.text("guide"), event.text("task"), event.environment


def _add_guide(figures: Figures, event: Event) -> None:
    figures[event.text("action")] += 1


def _ticket(event: Event) -> tuple[str, ...]:
    return event.text("area"), event.text("severity"), event.environment


def _add_one(figures: Figures, event: Event, name: str = "count") -> None:
    figures[name] += 1


def _library_session(event: Event) -> tuple[str, ...]:
    return event.name, event.unit, event.session, event.environment


def _add_library(figures: Figures, event: Event) -> None:
    figures["count"] += 1
    if event.known.get("outcome") == "error":
        figures["errors"] += 1


def _query(event: Event) -> tuple[str, ...]:
    return fingerprint(event.text("statement")), event.text("database"), event.service, event.environment


def _add_query(figures: Figures, event: Event) -> None:
    _add_operation(figures, event)
    figures["rows_sum"] += event.known.get("rows", 0)


def _cache(event: Event) -> tuple[str, ...]:
    return event.text("cache"), event.service, event.environment


def _add_access(figures: Figures, event: Event) -> None:
    figures["count"] += 1
    if event.known["hit"]:
        figures["hits"] += 1


def _missed(event: Event) -> tuple[str, ...] | None:
    return None if event.known["hit"] else (event.text("cache"), event.text("key"), event.environment)


def _host(event: Event) -> tuple[str, ...]:
    return event.text("host"), event.environment


def _add_sample(figures: Figures, event: Event) -> None:
    figures["samples"] += 1
    for name, sampled, unit, scale in (
        ("cpu", "cpu_ratio", "_millionths", 1_000_000),
        ("memory", "memory_bytes", "_bytes", 1),
        ("connections", "connections", "", 1),
    ):
        value = event.known.get(sampled)
        if value is not None:
            extreme = "_bytes" if name == "memory" else ""
            figures[f"{name}_count"] += 1
            figures[f"{name}_sum{unit}"] += scaled(value, scale)
            _keep_least(figures, f"{name}_min{extreme}", value)
            _keep_most(figures, f"{name}_max{extreme}", value)


SAMPLE: Figures = {
    "samples": 0,
    "cpu_count": 0,
    "cpu_sum_millionths": 0,
    "cpu_min": None,
    "cpu_max": None,
    "memory_count": 0,
    "memory_sum_bytes": 0,
    "memory_min_bytes": None,
    "memory_max_bytes": None,
    "connections_count": 0,
    "connections_sum": 0,
    "connections_min": None,
    "connections_max": None,
}


def _probed(event: Event) -> tuple[str, ...]:
    return event.text("target"), event.environment


def _add_probe(figures: Figures, event: Event) -> None:
    figures["probes"] += 1
    if event.known["up"]:
        figures["answered"] += 1


def _searched(event: Event) -> tuple[str, ...]:
    return event.service, event.environment


def _add_search(figures: Figures, event: Event) -> None:
    found = event.known.get("results_count")
    figures["count"] += 1
    if found is not None:
        figures["answered"] += 1
    if found == 0:
        figures["without_result"] += 1


_operations_by = ("event", "service", "source", "release", "environment")
_uses = ("feature.used", *LIBRARY, "bulk.operation")
_first = {**COUNT, "first_ms": None}

COUNTED: tuple[Counted, ...] = (
    Counted("operations_rows", 10 * SECOND, (), _operations_by, _operation, COUNT | LATENCY, _add_operation),
    Counted("operations_hourly_rows", HOUR, (), _operations_by, _operation, COUNT | LATENCY, _add_operation),
    Counted(
        "errors_rows",
        10 * SECOND,
        ("error.raised", "error.recovered"),
        ("event", "kind", "code", "service", "source", "release", "environment"),
        _error,
        COUNT | {"handled": 0},
        _add_error,
    ),
    Counted("unit_activity_rows", HOUR, (), ("unit", "environment"), _active, COUNT | {"signed_in": 0}, _add_activity),
    Counted(
        "feature_uses_rows",
        HOUR,
        _uses,
        ("event", "feature", "unit", "environment"),
        _feature,
        COUNT | {"signed_in": 0, "first_ms": None, "last_ms": None},
        _add_use,
    ),
    Counted(
        "flag_evaluations_rows",
        HOUR,
        ("flag.evaluated",),
        ("flag", "variant", "unit", "environment"),
        _flag,
        _first,
        _add_first,
    ),
    Counted(
        "experiment_exposures_rows",
        HOUR,
        ("experiment.exposed",),
        ("experiment", "unit", "variant", "environment"),
        _exposure,
        _first,
        _add_first,
    ),
    Counted(
        "guidance_rows",
        HOUR,
        ("guidance.shown",),
        ("guide", "task", "environment"),
        _guide,
        {"shown": 0, "followed": 0, "dismissed": 0},
        _add_guide,
    ),
    Counted(
        "support_tickets_rows",
        HOUR,
        ("support.ticket_opened",),
        ("area", "severity", "environment"),
        _ticket,
        COUNT,
        _add_one,
    ),
    Counted(
        "library_sessions_rows",
        HOUR,
        LIBRARY,
        ("event", "unit", "session_id", "environment"),
        _library_session,
        COUNT | {"errors": 0},
        _add_library,
    ),
    Counted(
        "db_queries_rows",
        MINUTE,
        ("db.query",),
        ("fingerprint", "database", "service", "environment"),
        _query,
        COUNT | LATENCY | {"rows_sum": 0},
        _add_query,
    ),
    Counted(
        "cache_access_rows",
        MINUTE,
        ("cache.access",),
        ("cache", "service", "environment"),
        _cache,
        COUNT | {"hits": 0},
        _add_access,
    ),
    Counted(
        "cache_misses_rows",
        10 * MINUTE,
        ("cache.access",),
        ("cache", "key", "environment"),
        _missed,
        {"misses": 0},
        partial(_add_one, name="misses"),
    ),
    Counted("resource_usage_rows", MINUTE, ("resource.sampled",), ("host", "environment"), _host, SAMPLE, _add_sample),
    Counted(
        "availability_rows",
        MINUTE,
        ("probe.checked",),
        ("target", "environment"),
        _probed,
        {"probes": 0, "answered": 0},
        _add_probe,
    ),
    Counted(
        "searches_rows",
        MINUTE,
        ("library.search",),
        ("service", "environment"),
        _searched,
        COUNT | {"answered": 0, "without_result": 0},
        _add_search,
    ),
)
"""All tables of counts but the ledger, which counts records and not events."""
