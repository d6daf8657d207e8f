"""Does it hold for long? Half of the measured maximum for half an hour: memory, parts of tables, freshness.

`make soak` runs it on a real Kafka; SOAK="--minutes 5" makes it shorter. Exit code 0 only if every bar holds.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import numpy as np

from chaos.ground import Ground, ground
from chaos.plan import BrokerKind, ChaosPlan, simulated
from local.producer import Record

MAXIMUM_SECONDS, WARM_UP_SECONDS = 60.0, 30.0
"""For how long the maximum is measured, and for how long before that everything runs as fast as it can."""
BACKLOG = 100_000
"""Records that wait for the pipeline while the maximum is measured, so that it never waits for the sender."""
AS_PEOPLE_RUN_IT = {"TIDEGAUGE_SNAPSHOT_INTERVAL": "5s"}
"""Chaos makes everything durable five times as often as the defaults, to have more to break."""
TEMPLATES = 50_000
"""Events that are simulated; those sent differ from them in id and time."""
PIECE_SECONDS, MOST_AT_ONCE = 0.1, 20_000
LOOK_SECONDS = 0.25
TOLD_EVERY = 12
"""Looks at the processes, of which there is one every ten seconds, between two lines of progress."""
SETTLE_SHARE = 0.6
"""Of the time, until it is asked whether memory grows: messageIds are remembered for 15 to 18 minutes, and until then it must."""
MEMORY_BYTES, SLOPE_BYTES_A_MINUTE, PARTS, FRESH_SECONDS = 600e6, 1e6, 300, 3.0
"""The bars: memory of a shard, how fast it may grow, parts of a table, p99 of the age at which an event can be read."""
PARTS_QUERY = """
SELECT max(n) FROM (SELECT count() AS n FROM system.parts WHERE database = currentDatabase() AND active GROUP BY table)
"""


@dataclass
class Samples:
    """What was looked at, again and again.

    Attributes:
        seconds: since the beginning.
        memory: resident memory of the largest shard, bytes.
        parts: active parts of the table that has most.
        sent: (moment, records that Kafka had acknowledged by then).
        seen: (moment, records in the ledger).
    """

    seconds: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    sent: list[tuple[float, int]] = field(default_factory=list)
    seen: list[tuple[float, int]] = field(default_factory=list)

    def pace(self, seconds: float) -> float:
        """Give the records a second that came into the ledger in the last so many seconds."""
        last_moment, last = self.seen[-1]
        moment, count = next(look for look in self.seen if look[0] >= last_moment - seconds)
        return (last - count) / (last_moment - moment)

    def settled(self, values: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Give minutes and values from when things have settled."""
        skip = int(len(values) * SETTLE_SHARE)
        return np.array(self.seconds[skip:]) / 60, np.array(values[skip:], dtype=float)

    def slope(self) -> float:
        """Fit a line through the memory; bytes a minute."""
        minutes, memory = self.settled(self.memory)
        return float(np.polyfit(minutes, memory, 1)[0])

    def ages(self) -> np.ndarray:
        """Give, for every look at the ledger that was new, how long ago its newest record was acknowledged."""
        moments, counts = np.array([m for m, _ in self.sent]), np.array([c for _, c in self.sent])
        ages = []
        for before, (moment, seen) in zip(self.seen, self.seen[1:], strict=False):
            if seen > before[1] and before[1] < counts[-1]:
                # The first record that the look before did not show was readable at the latest now.
                ages.append(moment - moments[np.searchsorted(counts, before[1], side="right")])
        return np.array(ages)

    def progress(self, since: float) -> str:
        """Say how things are, and how fresh the figures were since a moment (epoch seconds)."""
        later = Samples(sent=self.sent, seen=[look for look in self.seen if look[0] >= since])
        ages = later.ages()
        fresh = (
            f"age {np.median(ages):.1f} s in the median, {np.quantile(ages, 0.99):.1f} s p99"
            if len(ages)
            else "nothing new"
        )
        return f"{self.seconds[-1] / 60:.0f} min: {self.memory[-1] / 1e6:,.0f} MB, {self.parts[-1]} parts, {fresh}"


Look = Callable[[Ground, Samples, Event], None]
"""Looks at something until the event is set, and notes it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak and print what it showed."""
    options = _options(arguments)
    plan = ChaosPlan(
        seed=options.seed, rate=1e6, shards=options.shards, broker=options.broker, settings=AS_PEOPLE_RUN_IT
    )
    with TemporaryDirectory() as folder, ground(plan, Path(folder)) as made:
        made.stream.keeps = False
        made.run("migrate")
        made.pipeline.start()
        sender = Sender(made, options.seed)
        most = _maximum(made, sender)
        rate = most / 2
        print(f"maximum {most:,.0f} events a second; {options.minutes:g} minutes at {rate:,.0f}", flush=True)
        made.caught_up()
        samples = _soak(made, sender, rate, options.minutes * 60)
        caught_up = made.caught_up()
        made.pipeline.stop()
    return _report(samples, rate, caught_up)


def _maximum(made: Ground, sender: "Sender") -> float:
    """Keep the pipeline busy and give the events a second that it takes in, with all that must run beside it running."""
    samples, over = Samples(), Event()
    with _watched(made, samples, over, (_look_at_ledger,)):
        until = time.monotonic() + WARM_UP_SECONDS + MAXIMUM_SECONDS
        sender.send(lambda: (samples.seen[-1][1] if samples.seen else 0) + BACKLOG, until, samples)
    return samples.pace(MAXIMUM_SECONDS)


def _soak(made: Ground, sender: "Sender", rate: float, seconds: float) -> Samples:
    samples, over = Samples(), Event()
    began, before = time.monotonic(), sender.number
    with _watched(made, samples, over, (_look_at_processes, _look_at_ledger)):
        sender.send(lambda: before + int((time.monotonic() - began) * rate) + 1, began + seconds, samples)
    return samples


@contextmanager
def _watched(made: Ground, samples: Samples, over: Event, looks: Sequence[Look]) -> Iterator[None]:
    threads = [Thread(target=look, args=(made, samples, over), daemon=True) for look in looks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _look_at_processes(made: Ground, samples: Samples, over: Event) -> None:
    began, told = time.monotonic(), time.time()
    while not over.wait(10):
        made.pipeline.peak_bytes = 0
        made.pipeline.sample_memory()
        samples.seconds.append(time.monotonic() - began)
        samples.memory.append(made.pipeline.peak_bytes)
        samples.parts.append(int(made.store.query(PARTS_QUERY)[0][0]))
        if len(samples.seconds) % TOLD_EVERY == 0:
            print(samples.progress(told), flush=True)
            told = time.time()


def _look_at_ledger(made: Ground, samples: Samples, over: Event) -> None:
    while not over.wait(LOOK_SECONDS):
        samples.seen.append((time.time(), made.received()))


class Sender:
    """Sends simulated events with new ids and the times of now.

    Attributes:
        number: of the next event: how many were sent.
    """

    def __init__(self, made: Ground, seed: int) -> None:
        """Simulate what the events are cut from."""
        cut = (_template(value) for _, value, _ in simulated(ChaosPlan(seed=seed, events=TEMPLATES)))
        self._templates = [parts for parts in cut if parts is not None]
        self._stream = made.stream
        self.number = 0

    def send(self, due: Callable[[], int], until: float, samples: Samples) -> None:
        """Send until a moment of the monotonic clock, never more in all than are due."""
        while time.monotonic() < until:
            last = min(due(), self.number + MOST_AT_ONCE)
            if last <= self.number:
                time.sleep(PIECE_SECONDS)
                continue
            now = time.time()
            text = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
            self._stream.begin([_filled(self._templates, n, text, int(now * 1000)) for n in range(self.number, last)])
            self._stream.end()
            self.number = last
            samples.sent.append((time.time(), self._stream.sent))


def _template(value: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Cut an event at its id and its time; None for one that is broken."""
    head, mark, rest = value.partition(b'"messageId":"')
    _, _, rest = rest.partition(b'"')
    middle, time_mark, tail = rest.partition(b'"timestamp":"')
    _, _, tail = tail.partition(b'"')
    if not (mark and time_mark) or not value.endswith(b"}}") or b"sentAt" in value or len(value) > 4_000:
        return None
    return head + mark, b'"' + middle + time_mark, b'"' + tail


def _filled(templates: Sequence[tuple[bytes, bytes, bytes]], number: int, text: bytes, now_ms: int) -> Record:
    head, middle, tail = templates[number % len(templates)]
    return b"%d" % (number % 2_000), b"".join((head, b"soak-%d" % number, middle, text, tail)), now_ms


def _report(samples: Samples, rate: float, caught_up: float) -> int:
    """Print the figures beside their bars; 0 if all hold."""
    ages, slope = samples.ages(), samples.slope()
    fresh = float(np.quantile(ages, 0.99, method="higher"))
    rows = (
        ("memory of the largest shard, MB", max(samples.memory) / 1e6, MEMORY_BYTES / 1e6),
        ("memory grows by, MB a minute", slope / 1e6, SLOPE_BYTES_A_MINUTE / 1e6),
        ("parts of a table, most", max(samples.parts), PARTS),
        ("event to readable row, p99 s", fresh, FRESH_SECONDS),
    )
    for name, value, bar in rows:
        print(f"{name:36} {value:10.2f}   bar {bar:g}   {'holds' if value <= bar else 'DOES NOT HOLD'}")
    print(f"{samples.sent[-1][1]:,} records in all, {rate:,.0f} a second; caught up {caught_up:.1f} s after the last")
    return 0 if all(value <= bar for _, value, bar in rows) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (30)")
    parser.add_argument("--shards", type=int, default=1, help="processes of the pipeline (1)")
    parser.add_argument("--seed", type=int, default=7, help="of the simulated events (7)")
    parser.add_argument("--broker", type=BrokerKind, default=BrokerKind.KAFKA, help="kafka or embedded (kafka)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
