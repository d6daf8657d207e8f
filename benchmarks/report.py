"""The benchmark's answer in Markdown: what each candidate did, and which goals of the design hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.candidates import CANDIDATES, Name
from benchmarks.events import Written
from benchmarks.freshness import Freshness
from benchmarks.measure import Measurement
from benchmarks.throughput import Rounds

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach.

    Attributes:
        text: what is measured.
        bar: what it must be.
        measured: what it was.
        holds: whether that is enough.
    """

    text: str
    bar: str
    measured: str
    holds: bool


def ratios(rounds: Rounds, one: Name, other: Name) -> list[float]:
    """Give the rate of one candidate over that of the other, round by round: within a round the machine is the same."""
    return [a.rate / b.rate for a, b in zip(rounds[one], rounds[other], strict=True)]


def throughput_table(rounds: Rounds) -> list[str]:
    """Write what each candidate did, a line each: medians over the rounds, ranges in brackets."""
    lines = [
        "| candidate | events/s | ÷ bare | CPU µs an event | ClickHouse's CPU µs an event | peak memory MB | right |",
        "|---|---|---|---|---|---|---|",
    ]
    for candidate in CANDIDATES:
        if candidate.name in rounds:
            lines.append(f"| {candidate.title} | {' | '.join(_cells(rounds, candidate.name))} |")
    return lines


def _cells(rounds: Rounds, name: Name) -> Iterator[str]:
    own = rounds[name]
    yield _range([one.rate for one in own], "{:,.0f}")
    yield _range(ratios(rounds, name, "bare"), "{:.2f}") if "bare" in rounds else ""
    yield _range([one.cpu_us for one in own], "{:.1f}")
    yield _range([one.store_cpu_us for one in own], "{:.1f}")
    yield f"{max(one.peak_bytes for one in own) / MEGABYTE:,.0f}"
    yield "; ".join(sorted({one.wrong for one in own if one.wrong})) or "yes"


def _range(values: Sequence[float], form: str) -> str:
    middle, low, high = (form.format(value) for value in (median(values), min(values), max(values)))
    return f"{middle} ({low}–{high})" if len(values) > 1 else middle


def goals(rounds: Rounds, freshness: Freshness | None) -> list[Goal]:
    """Hold the figures against the goals of the design; those that were not measured are left out."""
    found = [goal for goal in (_ratio_goal(rounds, *wanted) for wanted in RATIO_GOALS) if goal is not None]
    if everything := rounds.get("everything"):
        found += [_cpu_goal(everything), _memory_goal(everything, freshness)]
    if freshness is not None:
        found.append(_age_goal("event → row readable in ClickHouse, p99", freshness.rows.percentile(0.99), 3.0))
        found.append(_age_goal("event → counter readable on /metrics, p99", freshness.counters.percentile(0.99), 1.5))
    return found


RATIO_GOALS: tuple[tuple[str, Name, Name, float], ...] = (
    ("latency and errors alone ÷ bare consume loop", "latency", "bare", 0.5),
    ("everything on ÷ bare consume loop", "everything", "bare", 0.3),
    ("latency and errors alone ÷ Bytewax as taught (msgspec)", "latency", "bytewax", 5.0),
    ("latency and errors alone ÷ materialized view, raw records not kept", "latency", "view", 1.5),
    ("everything on ÷ materialized view, raw records kept", "everything", "view_archive", 1.5),
    ("with recovery ÷ without", "latency", "unrecovered", 0.9),
)


def _ratio_goal(rounds: Rounds, text: str, one: Name, other: Name, bar: float) -> Goal | None:
    if one not in rounds or other not in rounds:
        return None
    found = ratios(rounds, one, other)
    return Goal(text, f"≥ {bar:g}", _range(found, "{:.2f}"), median(found) >= bar)


def _cpu_goal(own: Sequence[Measurement]) -> Goal:
    spent = [one.cpu_us for one in own]
    return Goal(
        "everything on, CPU of the shard an event", "≤ 7 µs", f"{_range(spent, '{:.1f}')} µs", median(spent) <= 7
    )


def _memory_goal(own: Sequence[Measurement], freshness: Freshness | None) -> Goal:
    peak = max([one.peak_bytes for one in own] + ([freshness.peak_bytes] if freshness else [])) / MEGABYTE
    return Goal("memory of the shard, everything on, full load", "≤ 600 MB", f"{peak:,.0f} MB", peak <= 600)


def _age_goal(text: str, seconds: float, bar: float) -> Goal:
    return Goal(f"{text}, at half load", f"≤ {bar:g} s", f"{seconds:.2f} s", seconds <= bar)


def goals_table(found: Sequence[Goal]) -> list[str]:
    """Write the goals, a line each."""
    head = ["| goal | bar | measured | holds |", "|---|---|---|---|"]
    return head + [
        f"| {goal.text} | {goal.bar} | {goal.measured} | {'yes' if goal.holds else '**no**'} |" for goal in found
    ]


def stream_line(written: Written) -> str:
    """Say what was read."""
    return f"{written.records:,} events of {written.bytes_an_event:,.0f} bytes on average, simulated, keyed by user."


def freshness_lines(found: Freshness) -> list[str]:
    """Say how fresh figures were."""
    lines = [
        f"Freshness at {found.rate:,.0f} events/s (producer, broker and ClickHouse on the same cores; the shard used "
        f"{found.cores:.2f} cores, {found.peak_bytes / MEGABYTE:,.0f} MB):",
        "",
        "| readable | p50 | p95 | p99 | markers |",
        "|---|---|---|---|---|",
    ]
    for name, ages in (("in ClickHouse", found.rows), ("on /metrics", found.counters)):
        shares = " | ".join(f"{ages.percentile(share):.2f} s" for share in (0.5, 0.95, 0.99))
        lines.append(f"| {name} | {shares} | {len(ages.seconds)} |")
    return lines
