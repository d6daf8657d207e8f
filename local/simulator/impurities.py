"""What goes wrong between an application and Kafka: records sent twice, late or broken, and counted."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from local.producer import Record
from local.simulator.rolls import Rolls
from local.simulator.tally import Tally

SURELY_LATE_MS: Final = 600_000
"""A late event lies at least this far behind an earlier one of its partition: twice the default lateness."""

PUNCTUAL: Final = frozenset(
    {"experiment.exposed", "task.completed", "journey.step", "feature.used", "feedback.submitted"}
)
"""Events that are never late: a goal moved before its exposure would make the truth about users untrue."""

_LATE_MS: Final = (20 * 60_000, 60 * 60_000)
RETRY_WITHIN_S: Final = 2.0
_MAX_EVENT_BYTES: Final = 32_768


@dataclass(frozen=True, slots=True)
class Impurities:
    """Shares, from 0 to 1, of events that are sent twice, sent late, or followed by a malformed record."""

    duplicates: float = 0.0
    late: float = 0.0
    malformed: float = 0.0


PURE: Final = Impurities()
"""Nothing goes wrong."""


def _append(text: bytes) -> Callable[[bytes], bytes]:
    """Return a way to break an event: one more property, at the end, where a second occurrence counts."""
    return lambda event: event[:-2] + b"," + text + b"}}"


def _retimed(text: bytes) -> Callable[[bytes], bytes]:
    """Return a way to break an event: another timestamp."""

    def break_it(event: bytes) -> bytes:
        before, mark, rest = event.partition(b'"timestamp":"')
        return before + mark + text + rest[rest.index(b'"') :]

    return break_it


MALFORMED: Final = MappingProxyType[str, Callable[[bytes], bytes]](
    {
        "truncated": lambda event: event[: len(event) // 2],
        "not json": lambda event: b"GET /events HTTP/1.1",
        "not an object": lambda event: b"[1,2]",
        "empty": lambda event: b"",
        "two objects": lambda event: event + event,
        "not utf-8": lambda event: event.replace(b'"type"', b'"\xff":1,"type"', 1),
        "no messageId": lambda event: event.replace(b'"messageId"', b'"message_id"', 1),
        "no zone": _retimed(b"2026-11-23T19:04:00.123"),
        "year 1970": _retimed(b"1970-01-01T00:00:00Z"),
        "year 2100": _retimed(b"2100-01-01T00:00:00Z"),
        "negative duration": _append(b'"duration_ms":-1'),
        "duration not a number": _append(b'"duration_ms":NaN'),
        "wrong type": _append(b'"outcome":5'),
        "too large": _append(b'"padding":"%s"' % (b"x" * _MAX_EVENT_BYTES)),
    }
)
"""Ways to break an event, each of which the pipeline must reject."""


class Spoiler:
    """Spoils the stream in the given shares, and counts what it does."""

    def __init__(self, impurities: Impurities, rolls: Rolls, tally: Tally) -> None:
        self._shares = impurities
        self._rolls, self._tally = rolls, tally
        self._kinds = list(MALFORMED)
        self._retries: deque[tuple[float, Record]] = deque()

    def delay_ms(self, event: str, last_ms: int, time_ms: int) -> int:
        """Return how far an event is moved back to be late, mostly 0.

        `last_ms` is the time of an earlier event with its key. An event is moved only where that makes it
        late beyond doubt, whatever the partition holds besides.
        """
        if self._rolls.share() >= self._shares.late or event in PUNCTUAL:
            return 0
        delay = self._rolls.between(*_LATE_MS)
        if last_ms - (time_ms - delay) < SURELY_LATE_MS:
            return 0
        self._tally.late += 1
        return delay

    def after(self, record: Record, now: float, out: list[Record], *, late: bool) -> None:
        """Perhaps send a broken copy of a record that was just sent, perhaps plan its retry."""
        if self._rolls.share() < self._shares.malformed:
            self._send_broken(record, out)
        if not late and self._rolls.share() < self._shares.duplicates:
            self._retries.append((now + self._rolls.share() * RETRY_WITHIN_S, record))

    def retry(self, now: float, out: list[Record]) -> None:
        """Send again what is due by `now`, before anything that happens later is sent."""
        while self._retries and self._retries[0][0] <= now:
            _, (key, value, _) = self._retries.popleft()
            out.append((key, value, int(now * 1000)))
            self._tally.duplicates += 1

    def _send_broken(self, record: Record, out: list[Record]) -> None:
        key, value, sent_ms = record
        kind = self._kinds[self._rolls.below(len(self._kinds))]
        # An id of its own: with that of the good event it would be a duplicate before it is anything else.
        other = value.replace(b'"messageId":"', b'"messageId":"broken-', 1)
        out.append((key, MALFORMED[kind](other), sent_ms))
        self._tally.malformed += 1
        self._tally.malformed_kinds[kind] += 1
