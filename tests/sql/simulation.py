"""Four weeks of the simulated world, taken through the pipeline; and the events of it for plain recounts.

What machines say of themselves is too much for four weeks: a second world of two days has it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from local.producer import Record
from local.simulator.impurities import Impurities
from local.simulator.incident import Incident
from local.simulator.simulator import Plan, Simulator
from local.simulator.tally import Truth
from pipelines import rollups
from pipelines.adoption import UNIT_ACTIVITY
from pipelines.experiments import EXPERIMENT_GOALS
from pipelines.facts import Facts
from pipelines.rollup import Rollup
from sinks.clickhouse import ClickHouse

PLAN = Plan(
    datetime(2026, 3, 16, tzinfo=UTC).timestamp(),
    seed=17,
    users=600,
    days=28,
    impurities=Impurities(duplicates=0.01, late=0.01, malformed=0.005),
)
FAMILIES = (
    *("journey.", "task.", "guidance.", "feedback.", "support."),
    *("estimate.", "library.", "bulk.", "feature.", "flag.", "experiment.", "page."),
    *("data.", "security."),
)
"""How the names of the events begin that are taken; the world has many more."""
MACHINE_FAMILIES = ("db.", "cache.", "resource.", "probe.")
"""The same of the world of machines."""


def _of(item: Rollup | Facts, families: tuple[str, ...]) -> bool:
    return item.events is not None and all(event.startswith(families) for event in item.events)


ROLLUPS = (UNIT_ACTIVITY, *(rollup for rollup in rollups.ROLLUPS if _of(rollup, FAMILIES)))
FACTS = (EXPERIMENT_GOALS, *(facts for facts in rollups.FACTS if _of(facts, FAMILIES)))
"""What is made of FAMILIES: all that look at these events alone, and two that look at others too."""
MACHINE_ROLLUPS = tuple(rollup for rollup in rollups.ROLLUPS if _of(rollup, MACHINE_FAMILIES))

OUTAGE = Incident("outage", at_s=30 * 3600 + 20, for_s=20 * 60)
"""When the application and its database are away in the world of machines: 20 minutes that begin within a minute."""
MACHINE_PLAN = Plan(
    datetime(2026, 3, 31, tzinfo=UTC).timestamp(),
    seed=18,
    users=300,
    days=2,
    incident=OUTAGE,
    impurities=PLAN.impurities,
)
"""Two days with the end of a month between them."""
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was sent, what is so, and where the views are."""

    store: ClickHouse
    truth: Truth
    events: Sequence[Event]

    def named(self, *names: str) -> list[Event]:
        """Give the events of these names."""
        return [event for event in self.events if event["event"] in names]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Run a query and give its rows by column."""
        return rows_of(self.store, query)


def rows_of(store: ClickHouse, query: str) -> list[dict[str, Any]]:
    """Run a query and give its rows by column."""
    columns, rows = store.table(query)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def simulate(plan: Plan = PLAN, families: tuple[str, ...] = FAMILIES) -> tuple[Truth, list[Record]]:
    """Simulate a world; gives the records of the families."""
    simulator = Simulator(plan)
    records = [record for batch in simulator.events() for record in batch if _name(record[1]).startswith(families)]
    return simulator.truth, records


def _name(value: bytes) -> str:
    return value.partition(b'"event":"')[2].partition(b'"')[0].decode(errors="replace")


def accepted(records: Iterable[Record]) -> Iterator[Event]:
    """Give each event once, with its corrected time `ms` and its `unit` (machines: none); broken ones are known by their id."""
    seen = set()
    for _, value, _ in records:
        try:
            event = orjson.loads(value)
        except orjson.JSONDecodeError:
            continue
        message_id = event.get("messageId", "broken-")
        if not message_id.startswith("broken-") and message_id not in seen:
            seen.add(message_id)
            yield event | {"ms": _corrected_ms(event), "unit": event.get("userId") or event.get("anonymousId", "")}


def _corrected_ms(event: Event) -> int:
    time, sent, received = (
        round(datetime.fromisoformat(event[name]).timestamp() * 1000) if name in event else None
        for name in ("timestamp", "sentAt", "receivedAt")
    )
    assert time is not None
    return time if sent is None or received is None else received - (sent - time)


def start_of(event: Event, minutes: int) -> datetime:
    """Give the start of the window of so many minutes that an event lies in, UTC as the database gives it (without a zone)."""
    return datetime.fromtimestamp(event["ms"] // (minutes * 60_000) * (minutes * 60), UTC).replace(tzinfo=None)


def day_of(event: Event) -> datetime:
    """Give the moment of an event, UTC."""
    return datetime.fromtimestamp(event["ms"] / 1000, UTC)
