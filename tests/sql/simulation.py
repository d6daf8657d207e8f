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
from pipelines.adoption import FEATURE_USES, FLAG_EVALUATIONS, UNIT_ACTIVITY
from pipelines.audit import DATA_ACCESS, SECURITY_FINDINGS
from pipelines.availability import AVAILABILITY
from pipelines.estimates import ESTIMATES, LIBRARY_SESSIONS
from pipelines.experiments import EXPERIMENT_EXPOSURES, EXPERIMENT_GOALS
from pipelines.feedback import FEEDBACK, SUPPORT_TICKETS
from pipelines.journeys import GUIDANCE, JOURNEY_STEPS, TASKS
from pipelines.resources import CACHE_ACCESS, CACHE_MISSES, DB_QUERIES, RESOURCE_USAGE
from sinks.clickhouse import ClickHouse

PLAN = Plan(
    datetime(2026, 3, 16, tzinfo=UTC).timestamp(),
    seed=17,
    users=600,
    days=28,
    impurities=Impurities(duplicates=0.01, late=0.01, malformed=0.005),
)
FAMILIES = (
    *(b"journey.", b"task.", b"guidance.", b"feedback.", b"support."),
    *(b"estimate.", b"library.", b"bulk.", b"feature.", b"flag.", b"experiment.", b"page."),
    *(b"data.", b"security."),
)
"""How the names of the events begin that are taken; the world has many more."""
ROLLUPS = (
    *(GUIDANCE, SUPPORT_TICKETS, LIBRARY_SESSIONS),
    *(UNIT_ACTIVITY, FEATURE_USES, FLAG_EVALUATIONS, EXPERIMENT_EXPOSURES),
)
FACTS = (JOURNEY_STEPS, TASKS, FEEDBACK, ESTIMATES, EXPERIMENT_GOALS, DATA_ACCESS, SECURITY_FINDINGS)
"""What is made of them."""

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
MACHINE_FAMILIES = (b"db.", b"cache.", b"resource.", b"probe.")
MACHINE_ROLLUPS = (DB_QUERIES, CACHE_ACCESS, CACHE_MISSES, RESOURCE_USAGE, AVAILABILITY)

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


def simulate(plan: Plan = PLAN, families: tuple[bytes, ...] = FAMILIES) -> tuple[Truth, list[Record]]:
    """Simulate a world; gives the records of the families."""
    simulator = Simulator(plan)
    records = [record for batch in simulator.events() for record in batch if _name(record[1]).startswith(families)]
    return simulator.truth, records


def _name(value: bytes) -> bytes:
    return value.partition(b'"event":"')[2]


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
