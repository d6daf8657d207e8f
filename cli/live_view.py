"""What `tidegauge demo` shows: events per second, verdicts, lag, and latency and errors per operation."""

from collections import deque
from dataclasses import dataclass, field
from math import isnan

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.figures import OperationFigures

RATE_SECONDS = 5.0
"""Over how long the shown rate is taken."""


@dataclass
class LiveFigures:
    """What is on the screen right now."""

    sent: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    waiting: float = 0.0
    event_lag: float = 0.0
    away_seconds: float = 0.0
    operations: list[OperationFigures] = field(default_factory=list)
    history: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=64))

    def note_received(self, now: float, received: int) -> None:
        """Remember how many records were received at a moment, for the rate."""
        self.history.append((now, received))
        while len(self.history) > 2 and now - self.history[0][0] > RATE_SECONDS:
            self.history.popleft()

    @property
    def per_second(self) -> float:
        """Records per second over the last seconds."""
        if len(self.history) < 2:
            return 0.0
        (then, before), (now, after) = self.history[0], self.history[-1]
        return (after - before) / (now - then) if now > then else 0.0


def render(figures: LiveFigures, addresses: str) -> RenderableType:
    """Draw the screen."""
    return Panel(
        Group(_headline(figures), Text(), _operations(figures.operations), Text(), Text(addresses, style="dim")),
        title="tidegauge",
        title_align="left",
        border_style="cyan",
        padding=(0, 1),
    )


def _headline(figures: LiveFigures) -> Table:
    grid = Table.grid(padding=(0, 3))
    cells = [("events/s", f"{figures.per_second:,.0f}"), ("sent", f"{figures.sent:,}")]
    cells += [(name, f"{number:,}") for name, number in figures.verdicts.items()]
    cells += [("waiting", f"{figures.waiting:,.0f}"), ("lag", f"{figures.event_lag:.1f} s")]
    for _ in cells:
        grid.add_column(justify="right")
    grid.add_row(*(Text(name, style="dim") for name, _ in cells))
    grid.add_row(*(Text(value, style=_style(name, value)) for name, value in cells))
    if figures.away_seconds > 1:
        grid.add_row(Text(f"ClickHouse away for {figures.away_seconds:.0f} s", style="bold red"))
    return grid


def _style(name: str, value: str) -> str:
    return "yellow" if name in ("rejected", "late") and value != "0" else "bold"


def _operations(operations: list[OperationFigures]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    table.add_column("operation (last 5 min)")
    for name in ("count", "p50 ms", "p95 ms", "p99 ms", "errors"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in operations:
        rate = row.error_rate
        errors = Text("–", style="dim") if rate is None else Text(f"{rate:.2%}", style="red" if rate > 0.01 else "")
        table.add_row(row.event, f"{row.count:,}", _ms(row.p50), _ms(row.p95), _ms(row.p99), errors)
    if not operations:
        table.add_row(Text("waiting for the first events …", style="dim"))
    return table


def _ms(value: float) -> str:
    return "–" if isnan(value) else f"{value:,.1f}"
