"""Traffic that is not as one would like it: wrong clocks, one hot partition, too many names, too many users, far too much."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

import orjson

from chaos.door import Behaviour, Trouble
from chaos.fault import Fault
from chaos.ground import Ground
from chaos.plan import ChaosPlan, by_key
from local.producer import Record

_TIMESTAMP = re.compile(rb'"timestamp":"([^"]+)"')
_EVENT = re.compile(rb'"event":"([^"]+)"')
MACHINES = 20
"""One of so many producers has a wrong clock."""
NAMES, USERS = 10_000, 200_000
OVERLOAD_SECONDS = 120.0


class WrongClock(Fault):
    """One producer of twenty has a wrong clock: only its own events are rejected or late."""

    def spoiled(self, records: list[Record], plan: ChaosPlan) -> list[Record]:
        """Let its events tell another time."""
        return [_retimed(record, self.told) if _is_wrong(record) else record for record in records]

    def told(self, time: datetime) -> datetime:
        """Give the time that the wrong clock tells."""
        raise NotImplementedError

    def verify(self, ground: Ground) -> None:
        """Look who was rejected for a time in the future: nobody else's events that are well formed."""
        rows = ground.store.query("SELECT payload FROM rejected_events WHERE reason = 'time_in_future'")
        payloads = [row[0] if isinstance(row[0], bytes) else str(row[0]).encode() for row in rows]
        broken = (b"2099", b"2100")  # malformed on purpose: the year 2100, by a wrong clock a day before
        days = self.days(ground)
        others = [p for p in payloads if not _year_day(p).startswith(broken) and _year_day(p) not in days]
        ground.expect(not others, f"{len(others)} events of other producers were rejected for their time")

    def days(self, ground: Ground) -> set[bytes]:
        """Give the days that the wrong clock tells."""
        start = datetime.fromtimestamp(ground.plan.start, UTC)
        return {self.told(start + timedelta(days=n)).date().isoformat().encode() for n in (-1, 0, 1)}


def _is_wrong(record: Record) -> bool:
    return bool(record[0]) and crc32(record[0]) % MACHINES == 0


def _year_day(payload: bytes) -> bytes:
    match = _TIMESTAMP.search(payload)
    return match[1][:10] if match else b""


def _retimed(record: Record, told: Callable[[datetime], datetime]) -> Record:
    key, value, time_ms = record
    match = _TIMESTAMP.search(value)
    if match is None:
        return record
    try:
        moment = datetime.fromisoformat(match[1].decode())
    except ValueError:
        return record
    text = told(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
    return key, value[: match.start(1)] + text + value[match.end(1) :], time_ms


class ClockAhead(WrongClock):
    """A day ahead."""

    name = "clock-ahead"
    sentence = "the clock of one producer in twenty a day ahead"

    def told(self, time: datetime) -> datetime:
        """Tell tomorrow."""
        return time + timedelta(days=1)


class ClockBehind(WrongClock):
    """A day behind."""

    name = "clock-behind"
    sentence = "the clock of one producer in twenty a day behind"

    def told(self, time: datetime) -> datetime:
        """Tell yesterday."""
        return time - timedelta(days=1)


class ClockStopped(WrongClock):
    """The same second for ever."""

    name = "clock-stopped"
    sentence = "one producer in twenty sends the same second for ever"

    def told(self, time: datetime) -> datetime:
        """Tell the same hour's beginning, whatever the time is."""
        return time.replace(hour=0, minute=0, second=1, microsecond=0)


class HotPartition(Fault):
    """Nine of ten records lie in one partition."""

    name = "hot-partition"
    sentence = "one hot partition with 90 % of the traffic"

    def planned(self, plan: ChaosPlan) -> ChaosPlan:
        """Send nine keys of ten to partition 0."""
        return replace(plan, route=_mostly_the_first)

    def strike(self, ground: Ground) -> None:
        """See that the other shards do not wait for the hot one."""
        ground.stream.end()
        (row,) = ground.store.query("SELECT countIf(partition = 0), count() FROM events")
        ground.notes.append(f"{row[0]:,} of {row[1]:,} archived events were in partition 0 when the last was sent")


def _mostly_the_first(record: Record, partitions: int) -> int:
    key, value, _ = record
    return 0 if crc32(b"hot" + (key or value)) % 10 else by_key(record, partitions)


class ManyNames(Fault):
    """Ten thousand event names that nobody declared: they are archived under their names, and the pages stay bounded."""

    name = "many-names"
    sentence = "10,000 event names"

    def spoiled(self, records: list[Record], plan: ChaosPlan) -> list[Record]:
        """Rename four events of ten."""
        return [_renamed(record, number) if number % 5 < 2 else record for number, record in enumerate(records)]

    def verify(self, ground: Ground) -> None:
        """Look at the size of the pages."""
        names = {label for shard in range(ground.plan.shards) for label in _operations(ground.pipeline.page(shard)[1])}
        ground.expect("other" in names, "no operation was counted as `other`")
        ground.expect(len(names) < 2_000, f"the pages name {len(names):,} operations")
        ground.notes.append(f"the pages name {len(names):,} operations")


def _operations(page: str) -> list[str]:
    return re.findall(r'app_operations_total\{operation="([^"]+)"', page)


def _renamed(record: Record, number: int) -> Record:
    key, value, time_ms = record
    name = b'"event":"custom.%d"' % (number % NAMES)
    return key, _EVENT.sub(name, value, count=1), time_ms


class ManyUsers(Fault):
    """Two hundred thousand users are seen within a minute."""

    name = "many-users"
    sentence = "200,000 distinct users in a minute of event time"

    def spoiled(self, records: list[Record], plan: ChaosPlan) -> list[Record]:
        """Put a minute full of users into the middle of the stream."""
        middle = len(records) // 2
        at_ms = records[middle][2] or 0
        crowd = [_visit(plan.seed, number, at_ms + number * 60_000 // USERS) for number in range(USERS)]
        return [*records[:middle], *crowd, *[r for r in records[middle:] if (r[2] or 0) >= at_ms]]


def _visit(seed: int, number: int, time_ms: int) -> Record:
    moment = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    user = f"u-{seed}-{number}"
    event = {
        "type": "track",
        "event": "feature.used",
        "messageId": f"crowd-{seed}-{number}",
        "timestamp": moment,
        "userId": user,
        "context": {"source": "client", "service": "estimator-web", "release": "4.12.0", "environment": "production"},
        "properties": {"feature": "crowd", "duration_ms": 12.5, "outcome": "ok"},
    }
    return user.encode(), orjson.dumps(event), time_ms


class Overload(Fault):
    """Ten times of what it can hold for two minutes: the lag grows and is shown, then drains."""

    name = "overload"
    sentence = "10 × the rate it can hold (ClickHouse at 10 s a write) for 2 min, then normal"

    def planned(self, plan: ChaosPlan) -> ChaosPlan:
        """Send everything within the two minutes."""
        return replace(plan, rate=plan.events / OVERLOAD_SECONDS)

    def prepare(self, ground: Ground) -> None:
        """Make ClickHouse so slow from the beginning that a second's events take more than ten seconds to store."""
        super().prepare(ground)
        ground.door.behaviour = Behaviour((Trouble.SLOW,), slow_seconds=10.0)

    def strike(self, ground: Ground) -> None:
        """Let it be too much, then normal."""
        ground.stream.end()
        held, sent = ground.received(), ground.stream.sent
        lag = ground.pipeline.metric("tidegauge_consumer_lag_messages")
        slow = ground.pipeline.metric("app_operation_duration_seconds_sum")
        ground.door.open()
        ground.expect(
            sent >= 10 * held, f"{held:,} of {sent:,} records were held, more than a tenth: that was no overload"
        )
        ground.expect(2 * lag > sent - held, f"a lag of {lag:,.0f} was shown where {sent - held:,} records wait")
        ground.notes.append(
            f"{sent:,} sent in {OVERLOAD_SECONDS:g} s, {held:,} held; lag shown {lag:,.0f}; durations {slow:,.0f} s"
        )
        began = time.monotonic()
        ground.caught_up()
        ground.notes.append(f"drained in {time.monotonic() - began:.0f} s")

    def verify(self, ground: Ground) -> None:
        """See that the lag is gone from the pages."""
        ground.wait_for(
            lambda: ground.pipeline.metric("tidegauge_consumer_lag_messages") == 0, "the lag to be shown as 0", 30
        )
