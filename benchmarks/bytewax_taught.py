"""The same figures as Bytewax's documents teach it: an object a message, `map`, `key_on`, `fold_window`, a sink.

`python -m benchmarks.bytewax_taught msgspec|pydantic` reads the topic to its end. Generous to it where its documents leave a
choice: no recovery, `ordered=False` (the default queues every event until the watermark passes it), the largest batch that
they show, the same fetch settings and the same lateness as ours.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import bytewax.operators as op
import bytewax.operators.windowing as win
import msgspec
import pyarrow as pa
import structlog
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, TumblingWindower
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from benchmarks.materialized_view import connected
from benchmarks.reading import CLIENT
from cli.logs import set_up
from cli.settings import Settings, settings

log = structlog.get_logger(__name__)

WINDOW = timedelta(seconds=10)
ALIGN_TO = datetime(2024, 1, 1, tzinfo=UTC)
BATCH_SIZE = 5_000
"""As the page on performance has it."""
LOG_GAMMA = math.log(1.01 / 0.99)

TABLE = """
CREATE TABLE operations
(
    window_start DateTime('UTC'), event String, service String, source String, release String, environment String,
    count UInt64, errors UInt64, duration_sum_ms Float64, duration_max_ms Float64, duration_sketch Map(Int16, UInt64)
)
ENGINE = MergeTree
ORDER BY (window_start, event)
"""
DIMENSIONS = ("event", "service", "source", "release", "environment")


class Context(msgspec.Struct):
    """Where an event comes from."""

    service: str = ""
    source: str = ""
    release: str = ""
    environment: str = ""


class Properties(msgspec.Struct):
    """What is measured of it."""

    duration_ms: float | None = None
    outcome: str | None = None


class Event(msgspec.Struct, rename="camel"):
    """An event, read by msgspec."""

    event: str
    timestamp: datetime
    sent_at: datetime | None = None
    received_at: datetime | None = None
    context: Context = msgspec.field(default_factory=Context)
    properties: Properties = msgspec.field(default_factory=Properties)


class PydanticContext(BaseModel):
    """Where an event comes from."""

    service: str = ""
    source: str = ""
    release: str = ""
    environment: str = ""


class PydanticProperties(BaseModel):
    """What is measured of it."""

    duration_ms: float | None = None
    outcome: str | None = None


class PydanticEvent(BaseModel):
    """An event, read by pydantic."""

    model_config = ConfigDict(alias_generator=to_camel)

    event: str
    timestamp: datetime
    sent_at: datetime | None = None
    received_at: datetime | None = None
    context: PydanticContext = PydanticContext()
    properties: PydanticProperties = PydanticProperties()


class AnyEvent(Protocol):
    """What both readers give."""

    event: str
    timestamp: datetime
    sent_at: datetime | None
    received_at: datetime | None
    context: Any
    properties: Any


@dataclass
class Operation:
    """The figures of one key in one window."""

    count: int = 0
    errors: int = 0
    duration_sum_ms: float = 0.0
    duration_max_ms: float = 0.0
    duration_sketch: dict[int, int] = field(default_factory=dict)


def fold(figures: Operation, event: AnyEvent) -> Operation:
    """Add one event."""
    figures.count += 1
    if event.properties.outcome == "error":
        figures.errors += 1
    duration = event.properties.duration_ms
    if duration is not None:
        figures.duration_sum_ms += duration
        figures.duration_max_ms = max(figures.duration_max_ms, duration)
        bucket = math.ceil(math.log(max(duration, 1e-6)) / LOG_GAMMA)
        figures.duration_sketch[bucket] = figures.duration_sketch.get(bucket, 0) + 1
    return figures


def merge(one: Operation, other: Operation) -> Operation:
    """Add two windows' figures up; tumbling windows never need it."""
    one.count += other.count
    one.errors += other.errors
    one.duration_sum_ms += other.duration_sum_ms
    one.duration_max_ms = max(one.duration_max_ms, other.duration_max_ms)
    for bucket, number in other.duration_sketch.items():
        one.duration_sketch[bucket] = one.duration_sketch.get(bucket, 0) + number
    return one


def key_of(event: AnyEvent) -> str:
    """Name what the figures are kept by."""
    where = event.context
    return f"{event.event}|{where.service}|{where.source}|{where.release}|{where.environment}"


def time_of(event: AnyEvent) -> datetime:
    """Give the corrected time, as the envelope has it."""
    if event.sent_at is not None and event.received_at is not None:
        return event.timestamp + (event.received_at - event.sent_at)
    return event.timestamp


Row = tuple[str, tuple[int, Operation]]


class ClickHouseSink(DynamicSink[Row]):
    """Inserts what closed windows give."""

    def __init__(self, config: Settings) -> None:
        self._config = config

    def build(self, step_id: str, worker_index: int, worker_count: int) -> "ClickHousePartition":
        """Open it."""
        return ClickHousePartition(connected(self._config))


class ClickHousePartition(StatelessSinkPartition[Row]):
    """Writes each batch that Bytewax hands over as one insert."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def write_batch(self, items: list[Row]) -> None:
        """Insert a batch of windows."""
        figures = [own for _, (_, own) in items]
        keys = [key.split("|") for key, _ in items]
        columns: dict[str, pa.Array] = {
            "window_start": pa.array(
                [ALIGN_TO + number * WINDOW for _, (number, _) in items], pa.timestamp("s", "UTC")
            ),
            **{name: pa.array([key[place] for key in keys]) for place, name in enumerate(DIMENSIONS)},
            "count": pa.array([own.count for own in figures], pa.uint64()),
            "errors": pa.array([own.errors for own in figures], pa.uint64()),
            "duration_sum_ms": pa.array([own.duration_sum_ms for own in figures]),
            "duration_max_ms": pa.array([own.duration_max_ms for own in figures]),
            "duration_sketch": pa.array(
                [list(own.duration_sketch.items()) for own in figures], pa.map_(pa.int16(), pa.uint64())
            ),
        }
        self._client.insert_arrow("operations", pa.table(columns))


def flow(config: Settings, parse: Callable[[bytes], AnyEvent]) -> Dataflow:
    """Wire it as the documents do."""
    taught = Dataflow("operations")
    client = {name: str(value).lower() for name, value in CLIENT.items() if name != "enable.auto.commit"}
    brokers = config.kafka_bootstrap_servers.split(",")
    source = KafkaSource(brokers, [config.events_topic], tail=False, batch_size=BATCH_SIZE, add_config=client)
    messages = op.input("kafka", taught, source)

    def parsed(message: KafkaSourceMessage[Any, Any]) -> AnyEvent:
        return parse(message.value)

    events = op.map("parse", messages, parsed)  # type: ignore[arg-type]
    keyed = op.key_on("key", events, key_of)
    clock = EventClock(time_of, wait_for_system_duration=config.lateness)
    windower = TumblingWindower(length=WINDOW, align_to=ALIGN_TO)
    windows = win.fold_window("operations", keyed, clock, windower, Operation, fold, merge, ordered=False)
    op.output("clickhouse", windows.down, ClickHouseSink(config))
    return taught


PARSERS: dict[str, Callable[[bytes], AnyEvent]] = {
    "msgspec": msgspec.json.Decoder(Event).decode,
    "pydantic": PydanticEvent.model_validate_json,
}


def main(parser: str) -> None:
    """Read the topic to its end."""
    set_up("json")
    config = settings()
    connected(config).command(TABLE)
    taught = flow(config, PARSERS[parser])
    log.info("reading")
    cli_main(taught)  # type: ignore[no-untyped-call]
    log.info("stored")


if __name__ == "__main__":
    main(sys.argv[1])
