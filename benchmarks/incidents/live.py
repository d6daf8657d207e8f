"""Plays one incident into a local stack of its own, with Prometheus and Alertmanager, and keeps what the pager got."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks.incidents.history import load_history
from benchmarks.incidents.receiver import Receiver, receiver
from benchmarks.incidents.scenario import Scenario
from local.ports import free_port
from local.producer import EventProducer, Record
from local.simulator.running import run
from local.simulator.simulator import Plan, Simulator

HOST = "127.0.0.1"
RATE = 100.0
USERS = 500
LOOK_SECONDS = 0.2
PATIENCE = 1.2
"""How much longer than allowed is waited, so that a miss has a figure too."""


class StackFailedError(RuntimeError):
    """The local stack did not start; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an incident; seconds, None for never.

    Attributes:
        page_after: from the first bad event (in a silence: the last event) to the first page.
        by: the alerts that the first page names.
        pages: how often somebody was woken.
        posts: notifications to the pager, updates and all-clear included.
        tickets: alerts for which a ticket was opened.
        resolved_after: from the end of the incident until the pager heard that the first page's alerts are over.
    """

    page_after: float | None
    by: tuple[str, ...]
    pages: int
    posts: int
    tickets: tuple[str, ...]
    resolved_after: float | None

    def misses(self, scenario: Scenario) -> list[str]:
        """Say what is other than expected."""
        wrong = []
        if self.page_after is None or self.page_after > scenario.page_within:
            wrong.append(f"page after {self.page_after} s, at most {scenario.page_within} s allowed")
        if not scenario.by & set(self.by):
            wrong.append(f"first page by {self.by}, expected one of {sorted(scenario.by)}")
        if self.pages != scenario.pages:
            wrong.append(f"{self.pages} pages, expected {scenario.pages}")
        if self.resolved_after is None or self.resolved_after > scenario.resolve_within:
            wrong.append(f"resolved after {self.resolved_after} s, at most {scenario.resolve_within} s allowed")
        return wrong


class Watched:
    """A way into Kafka that notes when the first bad event was sent, and can be shut for a silence."""

    def __init__(self, producer: EventProducer, start: float, scenario: Scenario) -> None:
        """Look for bad events from the incident's beginning on; `start` is the stream's first moment."""
        self._producer, self._scenario = producer, scenario
        self._begins = start + scenario.begins
        self._ends = self._begins + scenario.lasts
        self.first_bad: float | None = None

    def send_all(self, records: Iterable[Record]) -> None:
        """Send records, but none while there is silence."""
        sent = list(records)
        if self._scenario.incident is None and self._begins <= time.time() < self._ends:
            self.first_bad = self.first_bad or self._begins
            return
        self._producer.send_all(sent)
        if self.first_bad is None and time.time() >= self._begins and any(map(self._is_bad, sent)):
            self._producer.poll(0)
            self.first_bad = time.time()

    def poll(self, seconds: float) -> None:
        """Serve delivery reports."""
        self._producer.poll(seconds)

    def _is_bad(self, record: Record) -> bool:
        incident = self._scenario.incident
        own = orjson.loads(record[1])["properties"] if incident else {}
        if incident is not None and incident.kind == "latency":
            return bool(own.get("duration_ms", 0) > 5_000)
        return own.get("outcome") == "error"


def play(scenario: Scenario, folder: Path, seed: int) -> Outcome:
    """Play an incident; everything is written below `folder`.

    Raises:
        StackFailedError: the stack did not start.
        BrokerError: the stream could not be sent.
    """
    with receiver() as pager, _stack(folder, pager.url, seed) as bootstrap:
        producer = EventProducer(bootstrap, "events")
        plan = Plan(time.time(), seed=seed, users=USERS, rate=RATE, incident=scenario.incident)
        sender, stop = Watched(producer, plan.start, scenario), threading.Event()
        stream = threading.Thread(target=lambda: run(Simulator(plan), sender, stop=stop), daemon=True)
        stream.start()
        ended = plan.start + scenario.begins + scenario.lasts
        _wait(lambda: time.time() >= ended, ended)
        _wait(lambda: pager.first_page_over_at() is not None, ended + PATIENCE * scenario.resolve_within)
        stop.set()
        stream.join()
        return _outcome(pager, sender.first_bad, ended)


def _outcome(pager: Receiver, first_bad: float | None, ended: float) -> Outcome:
    pages = pager.pages
    resolved = pager.first_page_over_at()
    tickets = {name for post in pager.posts if not post.is_page for name in post.alerts}
    return Outcome(
        page_after=pages[0].at - first_bad if pages and first_bad else None,
        by=tuple(pages[0].alerts) if pages else (),
        pages=pager.page_count(),
        posts=len(pages),
        tickets=tuple(sorted(tickets)),
        resolved_after=resolved - ended if resolved is not None else None,
    )


@contextmanager
def _stack(folder: Path, pager: str, seed: int) -> Iterator[str]:
    """Run `tidegauge up` with history and a pager; gives the broker's address."""
    bootstrap = f"{HOST}:{free_port()}"
    environment = {
        **os.environ,
        "TIDEGAUGE_DATA_DIR": str(folder),
        "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "TIDEGAUGE_CLICKHOUSE_URL": f"http://{HOST}:{free_port()}",
        "TIDEGAUGE_METRICS_PORT": str(free_port()),
        "TIDEGAUGE_EXPORTER_PORT": str(free_port()),
        "TIDEGAUGE_PROMETHEUS_PORT": str(free_port()),
        "TIDEGAUGE_ALERTMANAGER_PORT": str(free_port()),
        "TIDEGAUGE_PAGE_PORT": str(free_port()),
        "TIDEGAUGE_PAGER_URL": pager,
    }
    data = folder / "monitoring" / "prometheus"
    load_history(data, Plan(time.time(), seed=seed, users=USERS, rate=RATE), time.time())
    log = folder / "up.log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [sys.executable, "-m", "cli", "up"], env=environment, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith("ready"):
                raise StackFailedError(log.read_text()[-3_000:])
            yield bootstrap
        finally:
            process.terminate()


def _wait(condition: Callable[[], bool], deadline: float) -> None:
    while not condition() and time.time() < deadline:
        time.sleep(LOOK_SECONDS)
