"""What a chaos run is made of: how many events, how fast, over how many partitions and shards, and what it stands on."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from zlib import crc32

from local.producer import Record
from local.simulator.impurities import Impurities
from local.simulator.simulator import Plan as Simulation
from local.simulator.simulator import Simulator

DAY_S = 86_400
Route = Callable[[Record, int], int]
"""Gives the partition of a record among so many."""


class BrokerKind(StrEnum):
    """Where the events lie."""

    KAFKA = "kafka"
    EMBEDDED = "embedded"
    GIVEN = "given"


def by_key(record: Record, partitions: int) -> int:
    """Keep what has the same key together, and spread out what has none."""
    key, value, _ = record
    return crc32(key or value) % partitions


@dataclass(frozen=True, slots=True)
class ChaosPlan:
    """One run.

    Attributes:
        seed: of the stream and of the moments at which faults strike.
        events: records that are simulated.
        rate: records that are sent in a second.
        start: the stream's first moment, epoch seconds.
        partitions: of the events topic.
        shards: processes of the pipeline.
        broker: what it stands on; `given` is the one at `bootstrap`.
        bootstrap: address of a given broker, host:port.
        clickhouse_url: of a given server; empty for one of its own.
        clickhouse_user, clickhouse_password: of a given server.
        program: how the pipeline's commands are started.
        settings: of the pipeline, by variable.
        route: which partition a record goes to.
        density: events in a second of the stream's own time.
        patience: seconds that anything may take before the run fails.
    """

    seed: int = 7
    events: int = 100_000
    rate: float = 5_000.0
    start: float = 0.0
    partitions: int = 8
    shards: int = 4
    broker: BrokerKind = BrokerKind.KAFKA
    bootstrap: str = ""
    clickhouse_url: str = ""
    clickhouse_user: str = "default"
    clickhouse_password: str = ""
    program: tuple[str, ...] = (sys.executable, "-m", "cli")
    settings: Mapping[str, str] = field(default_factory=dict)
    route: Route = by_key
    density: float = 200.0
    patience: float = 300.0


def midnight_before(now: float) -> float:
    """Give the midnight that lies a whole day back: a stream from there is in the past, and the same all day long."""
    return (now // DAY_S - 1) * DAY_S


def simulated(plan: ChaosPlan) -> list[Record]:
    """Simulate the stream in advance: 1 % is sent twice, 1 % late, 0.5 % malformed."""
    made = Simulation(start=plan.start, seed=plan.seed, rate=plan.density, impurities=Impurities(0.01, 0.01, 0.005))
    return [record for batch in Simulator(made).events(limit=plan.events) for record in batch]
