"""`tidegauge demo`: the whole pipeline on a live stream, in one terminal."""

import threading
import time
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.live import Live

from cli.figures import VERDICTS, ledger_totals, operations, page_values
from cli.live_view import LiveFigures, render
from cli.producing import kafka_producer
from cli.settings import Settings, settings
from cli.shard_process import connect
from cli.signals import stopped_by_signals
from cli.terminal import FAILED, INTERRUPTED, err, out, table, told
from cli.up import started_stack
from local.producer import BrokerError, EventProducer
from local.simulator.impurities import Impurities
from local.simulator.incident import Incident, IncidentKind
from local.simulator.running import run
from local.simulator.simulator import Plan, Simulator
from local.stack import Stack
from sinks.clickhouse import ClickHouse, StoreAwayError

DRAIN_SECONDS = 60.0
"""How long the end of the demo waits until everything that was sent is in the ledger."""
LINE_SECONDS = 5.0
"""How often a line is printed where there is no terminal to draw on."""


def demo(
    seconds: Annotated[float | None, typer.Option(min=1, help="End by itself after so many seconds.")] = None,
    rate: Annotated[float, typer.Option(min=1, help="Events per second.")] = 300.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another world.")] = 0,
    incident: Annotated[
        IncidentKind | None, typer.Option(help="What goes wrong, 20 s after the start, for 30 s.")
    ] = None,
) -> None:
    """Start the local stack and a simulated application, and watch the figures come in.

    A few records are sent twice, late or malformed on purpose, so that every verdict is seen.

    Examples:

      tidegauge demo

      tidegauge demo --seconds 30

      tidegauge demo --rate 2000 --incident latency

    Exit codes: 0 the ledger adds up to what was sent; 1 it does not, or something failed; 130 Ctrl-C.
    """
    config = settings()
    with told(), stopped_by_signals() as stop, started_stack(config, stop) as stack:
        if stop.is_set():
            raise typer.Exit(INTERRUPTED)
        plan = Plan(
            start=time.time(),
            seed=seed + int(time.time()),  # ids must differ from those of the demo before
            rate=rate,
            incident=Incident(incident, 20.0, 30.0) if incident else None,
            impurities=Impurities(0.01, 0.005, 0.005),
        )
        show = _Show(config, stack, plan, seconds)
        adds_up = show.play(stop)
    if not adds_up:
        raise typer.Exit(FAILED)
    if stop.is_set():
        raise typer.Exit(INTERRUPTED)


@dataclass
class _Emitter:
    """The simulated application, in a thread of its own."""

    simulator: Simulator
    producer: EventProducer
    stop: threading.Event
    failure: BrokerError | None = None

    def emit(self) -> None:
        try:
            run(self.simulator, self.producer, stop=self.stop)
            self.producer.flush()
        except BrokerError as error:
            self.failure = error


class _Show:
    """The demo once the stack stands: emit, watch, drain, compare."""

    def __init__(self, config: Settings, stack: Stack, plan: Plan, seconds: float | None) -> None:
        self._seconds = seconds
        self._store = connect(config)
        self._metrics = f"http://{config.metrics_host}:{config.metrics_port}/metrics"
        page = f"http://127.0.0.1:{config.page_port}"
        self._addresses = f"dashboards {page} · SQL {config.clickhouse_url} · metrics {self._metrics} · Ctrl-C ends"
        self._stack = stack
        producer = kafka_producer(config)
        self._emitter = _Emitter(Simulator(plan), producer, threading.Event())
        self._before = ledger_totals(self._store)
        self._figures = LiveFigures()

    def play(self, stop: threading.Event) -> bool:
        """Run to the end; tell whether the ledger adds up to what was sent."""
        thread = threading.Thread(target=self._emitter.emit, name="application", daemon=True)
        thread.start()
        self._watch(stop)
        self._emitter.stop.set()
        thread.join()
        if self._emitter.failure is not None:
            raise ConnectionError(str(self._emitter.failure))
        counted = self._drain()
        return self._summary(counted)

    def _watch(self, stop: threading.Event) -> None:
        ends = None if self._seconds is None else time.monotonic() + self._seconds
        live = Live(console=out, auto_refresh=False, screen=out.is_terminal, vertical_overflow="crop")
        with live if out.is_terminal else _Lines() as screen:
            while not stop.is_set() and (ends is None or time.monotonic() < ends) and self._emitter.failure is None:
                self._look()
                if isinstance(screen, _Lines):
                    screen.show(self._figures)
                else:
                    screen.update(render(self._figures, self._addresses), refresh=True)
                self._stack.watch()
                stop.wait(min(1.0, max(0.0, ends - time.monotonic())) if ends else 1.0)

    def _look(self) -> None:
        """Read everything that is shown."""
        figures, page = self._figures, page_values(self._metrics)
        try:
            totals = self._since_start()
            figures.operations = operations(self._store)
        except StoreAwayError:
            return
        figures.sent = self._emitter.simulator.tally.sent
        figures.note_received(time.monotonic(), totals.pop("received"))
        figures.verdicts = totals
        figures.waiting = page.get("tidegauge_consumer_lag_messages", 0.0)
        figures.event_lag = page.get("tidegauge_event_lag_seconds", 0.0)
        figures.away_seconds = page.get("tidegauge_sink_away_seconds", 0.0)

    def _since_start(self) -> dict[str, int]:
        now = ledger_totals(self._store)
        return {name: now[name] - self._before[name] for name in VERDICTS}

    def _drain(self) -> dict[str, int]:
        """Wait until everything that was sent is in the ledger."""
        sent = self._emitter.simulator.tally.sent
        deadline = time.monotonic() + DRAIN_SECONDS
        with err.status("waiting until the last events are stored"):
            while (totals := self._since_start())["received"] < sent and time.monotonic() < deadline:
                self._stack.watch()
                time.sleep(0.2)
        return totals

    def _summary(self, totals: dict[str, int]) -> bool:
        """Print what was sent and what became of it; tell whether both agree."""
        tally = self._emitter.simulator.tally
        expected = {
            "received": tally.sent,
            "counted": tally.on_time,
            "duplicate": tally.duplicates,
            "rejected": tally.malformed,
            "late": tally.late,
        }
        rows = [
            (name, expected[name], totals[name], "" if expected[name] == totals[name] else "differs")
            for name in VERDICTS
        ]
        out.print(_operations_table(self._store))
        out.print()
        out.print(table(("verdict", "sent", "in the ledger", ""), rows))
        adds_up = all(expected[name] == totals[name] for name in VERDICTS)
        if adds_up:
            out.print(f"\n[green]The ledger adds up:[/] all {tally.sent:,} records that were sent are accounted for.")
        else:
            out.print("\n[bold red]The ledger does not add up[/] to what was sent; see the logs in TIDEGAUGE_DATA_DIR.")
        out.print(
            "\nThe data is kept. Look further:\n"
            "  tidegauge up                                        start again and stay, then in another terminal:\n"
            '  tidegauge sql "SELECT * FROM errors LIMIT 20"       ask ClickHouse\n'
            "  tidegauge ledger --by minute                        every record's verdict\n"
            "  docs/data-dictionary.md                             what the events and columns mean",
            soft_wrap=True,
        )
        return adds_up


class _Lines:
    """Stands in for the live view where there is no terminal: a line now and then."""

    def __init__(self) -> None:
        self._next = time.monotonic() + LINE_SECONDS

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, figures: LiveFigures) -> None:
        if time.monotonic() >= self._next:
            self._next += LINE_SECONDS
            err.print(f"{figures.sent:,} sent, {figures.per_second:,.0f} a second, {figures.waiting:,.0f} waiting")


def _operations_table(store: ClickHouse) -> object:
    rows = [
        (row.event, row.count, row.p50, row.p95, row.p99, "–" if row.error_rate is None else f"{row.error_rate:.2%}")
        for row in operations(store, minutes=60)
    ]
    shown = [(name, count, *(_ms(value) for value in ms), rate) for name, count, *ms, rate in rows]
    return table(("operation", "count", "p50 ms", "p95 ms", "p99 ms", "errors"), shown)


def _ms(value: float) -> str:
    return "–" if value != value else f"{value:,.1f}"
