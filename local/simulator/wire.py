"""From what happens to bytes: puts the envelope around properties, with ids and times, and counts it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson

from local.producer import Record
from local.simulator.impurities import PURE, RETRY_WITHIN_S, Impurities, Spoiler
from local.simulator.rolls import Rolls
from local.simulator.tally import Tally

_SECONDS_CACHED: Final = 4096


@dataclass(slots=True)
class Sender:
    """One emitter of events: a visitor's browser, the server on behalf of a visitor, or a machine by itself.

    `context` is encoded once for all its events. `last_ms` is the time of its latest event that was on time.
    """

    key: bytes
    context: orjson.Fragment
    user_id: str | None = None
    anonymous_id: str | None = None
    clock_error_ms: int = 0
    last_ms: int = 0


def context(**members: str) -> orjson.Fragment:
    """Encode an envelope's context."""
    return orjson.Fragment(orjson.dumps(members))


class Wire:
    """Writes events. `now` is the stream's time in epoch seconds, and also when the records are sent."""

    def __init__(self, run_id: str, rolls: Rolls, tally: Tally, impurities: Impurities) -> None:
        self.now = 0.0
        self.out: list[Record] = []
        self._run_id = run_id
        self._tally = tally
        self._number = 0
        self._seconds: dict[int, str] = {}
        self._spoiler = Spoiler(impurities, rolls, tally) if impurities != PURE else None

    def emit(self, event: str, sender: Sender, properties: dict[str, object], ago_ms: float = 0.0) -> None:
        """Write one event that happened `ago_ms` before now."""
        sent_ms = int(self.now * 1000)
        time_ms = sent_ms - int(ago_ms)
        # Without a key records are spread over the partitions, and nobody knows how far each of them is.
        delay_ms = self._spoiler.delay_ms(event, sender.last_ms, time_ms) if self._spoiler and sender.key else 0
        self._number += 1
        message: dict[str, object] = {
            "type": "track",
            "event": event,
            "messageId": f"{self._run_id}-{self._number:08x}",
            "timestamp": self._text(time_ms - delay_ms + sender.clock_error_ms),
        }
        if sender.user_id is not None:
            message["userId"] = sender.user_id
        if sender.anonymous_id is not None:
            message["anonymousId"] = sender.anonymous_id
        if sender.clock_error_ms:
            message["sentAt"] = self._text(sent_ms + sender.clock_error_ms)
            message["receivedAt"] = self._text(sent_ms)
        message["context"] = sender.context
        message["properties"] = properties
        record = (sender.key or str(message["messageId"]).encode(), orjson.dumps(message), sent_ms)
        self.out.append(record)
        self._tally.events[event] += 1
        if properties.get("outcome") == "error":
            self._tally.errors[event] += 1
        if not delay_ms:
            sender.last_ms = max(sender.last_ms, time_ms)
        if self._spoiler:
            self._spoiler.after(record, self.now, self.out, late=bool(delay_ms))

    def retry(self) -> None:
        """Send again what is due by now."""
        if self._spoiler:
            self._spoiler.retry(self.now, self.out)

    def finish(self) -> None:
        """Send everything again that is still to be sent again."""
        if self._spoiler:
            self._spoiler.retry(self.now + RETRY_WITHIN_S, self.out)

    def take(self) -> list[Record]:
        """Return what was written since the last time."""
        out, self.out = self.out, []
        return out

    def _text(self, time_ms: int) -> str:
        second, millisecond = divmod(time_ms, 1000)
        text = self._seconds.get(second)
        if text is None:
            if len(self._seconds) >= _SECONDS_CACHED:
                self._seconds.clear()
            text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
            self._seconds[second] = text
        return f"{text}{millisecond:03d}Z"
