"""A replay: the events of a file, in the order of their times, into Kafka."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from threading import Event
from typing import Final, Literal, Protocol

from local.replay.drafts import Draft, Translator
from local.replay.pace import Pace, Waiter
from local.replay.reading import Line, SourceFile
from local.replay.where import Where

RecordTime = Literal["event", "now"]

_REASONS_KEPT: Final = 1_000


class Sender(Protocol):
    """Where a replay sends to: `local.producer.EventProducer`, or a list in tests."""

    def send(self, key: bytes, value: bytes, timestamp_ms: int | None) -> None:
        """Take one record."""
        ...

    def poll(self, seconds: float) -> None:
        """Serve delivery reports for up to `seconds`."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """What of a file is sent, and when.

    `record_time` is the Kafka record's own timestamp, which the pipeline judges an event's age by. `event`
    stamps a record with its event's time, as if it had been sent when it happened: data of any age is
    accepted, and a replay is judged the same whenever it runs. `now` stamps it with the moment of sending:
    right for a broker that deletes records by their timestamp, but then events older than the pipeline's
    `max_age` are rejected as `too_old`.
    """

    shift_ms: int = 0
    record_time: RecordTime = "event"
    where: tuple[Where, ...] = ()
    limit: int | None = None
    pace: Pace | None = None


@dataclass(slots=True)
class Summary:
    """What became of a file. `read` counts the records looked at, `matched` those that met every filter."""

    read: int = 0
    matched: int = 0
    sent: int = 0
    bad: int = 0
    reasons: list[tuple[int, str]] = field(default_factory=list)
    first_ms: int | None = None
    last_ms: int | None = None

    def note_bad(self, line_number: int, reason: str) -> None:
        """Count a record that could not become an event; the first thousand are kept with their reasons."""
        self.bad += 1
        if len(self.reasons) < _REASONS_KEPT:
            self.reasons.append((line_number, reason))


class Replay:
    """One run over a file. `summary` is true at any moment, so an interrupted run can say how far it came."""

    def __init__(
        self,
        source: SourceFile,
        translate: Translator,
        sender: Sender,
        options: Options,
        on_line: Callable[[Line], None] = lambda line: None,
        stop: Event | None = None,
    ) -> None:
        self.summary = Summary()
        self._source, self._translate, self._sender, self._options = source, translate, sender, options
        self._on_line = on_line
        self._stop = stop or Event()
        self._waiter = Waiter(options.pace, sender.poll, self._stop) if options.pace else None

    def run(self) -> Summary:
        """Send every event of the file that the options let through, until `stop` is set; return the summary.

        Raises:
            UnreadableFileError: the file cannot be read to its end.
            BrokerError: the broker did not take a record.
        """
        for draft in in_order(self._drafts()):
            self._send(draft)
            if self._stop.is_set():
                break
        return self.summary

    def _drafts(self) -> Iterator[list[Draft]]:
        for row, line in enumerate(self._source.lines()):
            if self._options.limit is not None and self.summary.matched >= self._options.limit:
                return
            self.summary.read += 1
            self._on_line(line)
            try:
                if self._options.where and not self._matches(line):
                    continue
                drafts = self._translate(line, row, self._options.shift_ms)
            except ValueError as error:
                self.summary.note_bad(line.number, str(error))
                continue
            self.summary.matched += 1
            yield drafts

    def _matches(self, line: Line) -> bool:
        record = line.fields()
        return all(where.holds(record) for where in self._options.where)

    def _send(self, draft: Draft) -> None:
        summary, (time_ms, key, value) = self.summary, draft
        if self._waiter is not None:
            self._waiter.wait_for(summary.sent, time_ms)
        stamp = max(time_ms, 1) if self._options.record_time == "event" else None
        self._sender.send(key, value, stamp)
        summary.sent += 1
        summary.first_ms = time_ms if summary.first_ms is None else min(summary.first_ms, time_ms)
        summary.last_ms = time_ms if summary.last_ms is None else max(summary.last_ms, time_ms)


def in_order(records: Iterator[list[Draft]]) -> Iterator[Draft]:
    """Put each record's later events where their times belong.

    A goal that lies a week after its exposure must not be sent beside it: it would carry the watermark a week
    ahead and make every record after it late. A record's first event goes at once, so a file keeps its order.
    """
    waiting: list[tuple[int, int, bytes, bytes]] = []
    arrivals = 0
    for drafts in records:
        for time_ms, key, value in drafts:
            heappush(waiting, (time_ms, arrivals, key, value))
            arrivals += 1
        reached = min((time_ms for time_ms, _, _ in drafts), default=None)
        while reached is not None and waiting and waiting[0][0] <= reached:
            yield _next(waiting)
    while waiting:
        yield _next(waiting)


def _next(waiting: list[tuple[int, int, bytes, bytes]]) -> Draft:
    time_ms, _, key, value = heappop(waiting)
    return time_ms, key, value
