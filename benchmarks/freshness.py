"""How old is a figure when it can be read? Markers in a stream at half load, looked for in ClickHouse and on /metrics.

A marker is one event of a name of its own, sent every tenth of a second. Its row is readable when the view `operations` counts
it, its counter when the page does; both are asked again and again, so an age is too high by up to one asking.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import orjson

from benchmarks.events import SEED, USERS
from benchmarks.ground import Ground, create_topic
from benchmarks.measure import FIRST_MARK, Process
from benchmarks.run import Run
from cli.figures import page_values
from local.producer import EventProducer, Record
from local.simulator.simulator import Plan, Simulator
from sinks.clickhouse import ClickHouse

MARKER = "goal.marker"
EVERY_SECONDS = 0.1
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 30.0
"""How long the last marker is waited for."""

COUNT = f"SELECT sum(count) FROM operations WHERE event = '{MARKER}' AND window_start >= now() - INTERVAL 5 MINUTE"


@dataclass(frozen=True, slots=True)
class Ages:
    """How old markers were when they were first seen, in seconds, in the order in which they were sent."""

    seconds: Sequence[float]

    def percentile(self, share: float) -> float:
        """Give the age that this share of the markers did not exceed."""
        return float(np.quantile(self.seconds, share, method="higher"))


@dataclass(frozen=True, slots=True)
class Freshness:
    """What one run at a steady load showed.

    Attributes:
        rate: events per second that were sent.
        rows: ages when readable in ClickHouse.
        counters: ages when readable on /metrics.
        peak_bytes: largest resident memory of the shard.
        cores: processor cores that the shard kept busy.
    """

    rate: float
    rows: Ages
    counters: Ages
    peak_bytes: int
    cores: float


@dataclass
class Sightings:
    """The moments at which one place first showed that it had counted so many markers."""

    look: Callable[[], int]
    moments: list[float] = field(default_factory=list)

    def watch(self, over: threading.Event) -> None:
        """Look until told to stop."""
        while not over.wait(LOOK_SECONDS):
            new = self.look() - len(self.moments)
            self.moments += [time.time()] * new


def measure_freshness(ground: Ground, rate: float, seconds: float) -> Freshness:
    """Send events at a rate for some seconds through `tidegauge run`.

    Raises:
        CandidateError: the pipeline failed.
        TimeoutError: not every marker was seen in time.
    """
    run = ground.run("freshness", "freshness")
    create_topic(ground.bootstrap, run.topic)
    with (
        ground.database(run, migrated=True) as store,
        Process("cli", ("run",), run.environment, run.folder / "log") as process,
    ):
        process.wait_for_mark(FIRST_MARK)
        rows, counters = Sightings(lambda: _counted(store)), Sightings(lambda: _shown(run))
        peaks: list[int] = []
        with _watching(rows, counters), _sampling(process, peaks):
            cpu, began = process.cpu_seconds(), time.monotonic()
            sent, total = _send(run, rate, seconds)
            _wait_for(len(sent), rows, counters)
            cores = (process.cpu_seconds() - cpu) / (time.monotonic() - began)
        process.stop()
        process.wait_for_mark("shard stopped; everything read is stored")
    ages = [Ages([seen - at for seen, at in zip(place.moments, sent, strict=False)]) for place in (rows, counters)]
    return Freshness(total / seconds, ages[0], ages[1], max(peaks), cores)


def _counted(store: ClickHouse) -> int:
    return int(store.query(COUNT)[0][0])


def _shown(run: Run) -> int:
    return int(page_values(run.page, having=f'operation="{MARKER}"').get("app_operations_total", 0))


@contextmanager
def _watching(*places: Sightings) -> Iterator[None]:
    over = threading.Event()
    threads = [threading.Thread(target=place.watch, args=(over,), daemon=True) for place in places]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@contextmanager
def _sampling(process: Process, peaks: list[int]) -> Iterator[None]:
    """Note the memory of a process ten times a second."""
    over = threading.Event()

    def sample() -> None:
        while not over.wait(0.1):
            peaks.append(process.memory())

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _send(run: Run, rate: float, seconds: float) -> tuple[list[float], int]:
    """Send the stream at its pace; give the moments at which markers were sent, and how many events there were."""
    batches = _batches(rate, seconds)
    producer = EventProducer(run.bootstrap, run.topic)
    shift, sent, total = time.time() - (batches[0][0][2] or 0) / 1000, list[float](), 0
    for batch in batches:
        due = (batch[-1][2] or 0) / 1000 + shift
        time.sleep(max(due - time.time(), 0.0))
        # The stream was made beforehand, so that making it takes nothing from the pipeline while it is measured; its own
        # times lie some seconds back.
        producer.send_all((key, value, None) for key, value, _ in batch)
        total += len(batch)
        if not sent or time.time() - sent[-1] >= EVERY_SECONDS:
            sent.append(time.time())
            producer.send_all([_marker(len(sent), sent[-1])])
            total += 1
        producer.poll(0)
    producer.flush()
    return sent, total


def _batches(rate: float, seconds: float) -> list[list[Record]]:
    plan = Plan(start=time.time(), seed=SEED + 1, users=USERS, rate=rate)
    return [batch for batch in Simulator(plan).events(until=plan.start + seconds) if batch]


def _marker(number: int, moment: float) -> Record:
    event = {
        "type": "track",
        "event": MARKER,
        "messageId": f"marker-{number}-{moment}",
        "timestamp": datetime.fromtimestamp(moment, UTC).isoformat(),
        "userId": "marker",  # all in one partition, so that they are counted in their order
        "context": {"service": "benchmark", "source": "server"},
        "properties": {},
    }
    return b"marker", orjson.dumps(event), None


def _wait_for(markers: int, *places: Sightings) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(len(place.moments) < markers for place in places):
        if time.monotonic() > deadline:
            seen = ", ".join(str(len(place.moments)) for place in places)
            raise TimeoutError(f"of {markers} markers {seen} were seen {PATIENCE_SECONDS:g} s after the last was sent")
        time.sleep(LOOK_SECONDS)
