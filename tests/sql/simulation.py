"""Four weeks of the simulated world, taken through the pipeline; and the events of it for plain recounts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from local.producer import Record
from local.simulator.impurities import Impurities
from local.simulator.simulator import Plan, Simulator
from local.simulator.tally import Truth
from pipelines import rollups
from pipelines.adoption import UNIT_ACTIVITY
from pipelines.experiments import EXPERIMENT_GOALS
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
)
"""How the names of the events begin that are taken; the world has many more."""


def _is_of_families(events: tuple[str, ...] | None) -> bool:
    return events is not None and all(event.startswith(FAMILIES) for event in events)


ROLLUPS = (UNIT_ACTIVITY, *(rollup for rollup in rollups.ROLLUPS if _is_of_families(rollup.events)))
FACTS = (EXPERIMENT_GOALS, *(facts for facts in rollups.FACTS if _is_of_families(facts.events)))
"""What is made of them: all that look at these events alone, and two that look at others too."""

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
        columns, rows = self.store.table(query)
        return [dict(zip(columns, row, strict=True)) for row in rows]


def simulate() -> tuple[Truth, list[Record]]:
    """Simulate the world; gives the records of FAMILIES."""
    simulator = Simulator(PLAN)
    records = [record for batch in simulator.events() for record in batch if _name(record[1]).startswith(FAMILIES)]
    return simulator.truth, records


def _name(value: bytes) -> str:
    return value.partition(b'"event":"')[2].partition(b'"')[0].decode(errors="replace")


def accepted(records: Iterable[Record]) -> Iterator[Event]:
    """Give each event once, with its corrected time `ms` and its `unit`; what is broken is known by its id."""
    seen = set()
    for _, value, _ in records:
        try:
            event = orjson.loads(value)
        except orjson.JSONDecodeError:
            continue
        message_id = event.get("messageId", "broken-")
        if not message_id.startswith("broken-") and message_id not in seen:
            seen.add(message_id)
            yield event | {"ms": _corrected_ms(event), "unit": event.get("userId") or event["anonymousId"]}


def _corrected_ms(event: Event) -> int:
    time, sent, received = (
        round(datetime.fromisoformat(event[name]).timestamp() * 1000) if name in event else None
        for name in ("timestamp", "sentAt", "receivedAt")
    )
    assert time is not None
    return time if sent is None or received is None else received - (sent - time)


def day_of(event: Event) -> datetime:
    """Give the moment of an event, UTC."""
    return datetime.fromtimestamp(event["ms"] / 1000, UTC)
