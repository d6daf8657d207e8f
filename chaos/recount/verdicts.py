"""What becomes of the events of one partition, one after the other."""

from dataclasses import dataclass, field

from chaos.recount.reading import Event
from chaos.recount.records import Rules
from schemas.reference import Rejection

COUNTED, LATE, DUPLICATE, REJECTED = "counted", "late", "duplicate", "rejected"
GENERATIONS = 5
"""The horizon is cut into so many stretches of the watermark, and an id lives until so many have passed since its own."""


@dataclass(slots=True)
class PartitionJudge:
    """What one partition remembers: how far its events have come, and when it saw which messageId."""

    rules: Rules
    watermark: int | None = None
    _last_seen: dict[str, int] = field(default_factory=dict)

    def verdict(self, event: Event, record_time: int) -> str | Rejection:
        """Say `counted`, `late` or `duplicate`, or why the event is rejected; a rejected one leaves no trace."""
        if event.time > record_time + self.rules.max_ahead:
            return Rejection("time_in_future", _apart(event.time - record_time, "ahead of"))
        if event.time < record_time - self.rules.max_age:
            return Rejection("too_old", _apart(record_time - event.time, "behind"))
        before = self.watermark
        self.watermark = event.time if before is None else max(before, event.time)
        if self._was_seen(event.message_id, self.watermark):
            return DUPLICATE
        return LATE if before is not None and event.time < before - self.rules.lateness else COUNTED

    def _was_seen(self, message_id: str, watermark: int) -> bool:
        """Tell whether the id was seen within the horizon, and see it."""
        generation = watermark // max(self.rules.dedup_horizon // GENERATIONS, 1)
        last = self._last_seen.get(message_id)
        self._last_seen[message_id] = generation
        return last is not None and generation - last <= GENERATIONS


def _apart(ms: int, where: str) -> str:
    return f"the event's time lies {ms / 1000:,.0f} s {where} its Kafka record's"
