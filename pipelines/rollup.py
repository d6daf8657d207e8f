"""The declaration of a rollup: what is counted, by which dimensions, in which window.

A declaration holds no code over events. It is evaluated on columns for the stream (`pipelines.measures`) and compiles
to SQL for the recount, so that both figures follow from the same words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

WINDOW_KEYS = ("partition", "late_block", "window_start")
"""What every row is keyed by besides its dimensions; window_start is in ms since 1970, UTC."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A test on one column of an event; `value` None asks only that the column is known."""

    column: str
    value: str | bool | int | None = None


def equals(column: str, value: str | bool | int) -> Condition:
    """Hold for the events whose column has this value."""
    return Condition(column, value)


def known(column: str) -> Condition:
    """Hold for the events that carry this column."""
    return Condition(column)


@dataclass(frozen=True, slots=True)
class Count:
    """How many events (that satisfy `where`) there were."""

    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of a column in units of 1/scale, as a whole number.

    Whole numbers add up to the same sum in any order, floats do not; and the promise is that a crash, which changes
    where batches are cut, changes no figure. Each value is rounded to the nearest 1/scale, halves upwards.
    """

    column: str
    scale: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Extreme:
    """The smallest or largest value of a column; null where no event carries it."""

    column: str
    which: Literal["min", "max"]


@dataclass(frozen=True, slots=True)
class Sketch:
    """The log-bucket histogram of a column: how many values lie in which bucket (see `pipelines.sketch`)."""

    column: str

    @property
    def bucket_column(self) -> str:
        """Name of the column that holds each event's bucket."""
        return f"{self.column}.bucket"


Measure = Count | Sum | Extreme | Sketch


def count(where: Condition | None = None) -> Count:
    """Count events."""
    return Count(where)


def sum_of(column: str, scale: int = 1_000_000) -> Sum:
    """Add a column up, exactly to 1/scale."""
    return Sum(column, scale)


def min_of(column: str) -> Extreme:
    """Keep the smallest value of a column."""
    return Extreme(column, "min")


def max_of(column: str) -> Extreme:
    """Keep the largest value of a column."""
    return Extreme(column, "max")


def sketch_of(column: str) -> Sketch:
    """Keep the sketch of a column, from which any percentile follows within 1 %."""
    return Sketch(column)


@dataclass(frozen=True)
class Rollup:
    """What is counted (`measures`), of which events, by which `dimensions`, in which `window`, into which `table`.

    Attributes:
        name: the rollup's name; part of the snapshot's format, so never renamed.
        table: the ClickHouse table its rows go to.
        dimensions: columns that a row is keyed by besides window, partition and late block; unknown is ''.
        measures: column of the table -> measure.
        window: length of the window; windows are aligned to 1970-01-01 UTC.
        events: names of the events it looks at; None for every event.
        where: a further condition on the events.
        emit_every: how long a changed row may wait before it is written.
        over: `events` (counted and late events) or `records` (every Kafka record with its verdict).
    """

    name: str
    table: str
    dimensions: tuple[str, ...]
    measures: Mapping[str, Measure]
    window: timedelta
    events: tuple[str, ...] | None = None
    where: Condition | None = None
    emit_every: timedelta = timedelta(seconds=1)
    over: Literal["events", "records"] = "events"
    keys: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        if sum(isinstance(measure, Sketch) for measure in self.measures.values()) > 1:
            raise ValueError(f"rollup {self.name}: at most one sketch, since its buckets are rows of the state")
        if "version" in self.measures:
            raise ValueError(f"rollup {self.name}: `version` is the number of events in a row, kept by itself")
        object.__setattr__(self, "keys", (*WINDOW_KEYS, *self.dimensions))

    @property
    def window_ms(self) -> int:
        """Length of the window in milliseconds."""
        return self.window // timedelta(milliseconds=1)

    @property
    def sketch(self) -> tuple[str, Sketch] | None:
        """The name and declaration of its sketch, if it has one."""
        return next(((n, m) for n, m in self.measures.items() if isinstance(m, Sketch)), None)

    @property
    def scalars(self) -> dict[str, Count | Sum | Extreme]:
        """Measures that are one number a row, `version` among them."""
        plain = {name: m for name, m in self.measures.items() if not isinstance(m, Sketch)}
        return {**plain, "version": Count()}

    @property
    def columns(self) -> set[str]:
        """Columns of an event that it reads."""
        read = {m.column for m in self.measures.values() if not isinstance(m, Count)}
        conditions = [m.where for m in self.measures.values() if isinstance(m, Count)] + [self.where]
        return read | {c.column for c in conditions if c is not None} | set(self.dimensions)
