"""Writes what chaos runs came to: a table for people, rows for the page on reliability, and JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from chaos.fault import Fault
from chaos.run import Outcome

COLUMNS = ("fault", "times", "events", "lost", "twice", "to recover, s", "memory, MB", "")


def row(outcome: Outcome) -> tuple[str, ...]:
    """Give a run as cells, in the order of COLUMNS."""
    return (
        outcome.fault,
        f"{outcome.strikes}",
        f"{outcome.records:,}",
        f"{outcome.lost:,}" if outcome.report else "?",
        f"{outcome.twice:,}" if outcome.report else "?",
        recovery(outcome.recovered),
        f"{outcome.peak_bytes / 1e6:,.0f}",
        "exact" if outcome.is_exact else "NOT EXACT",
    )


def recovery(seconds: Sequence[float]) -> str:
    """Say how long recovering took: the median and the longest of several."""
    if not seconds:
        return "–"
    ordered = sorted(seconds)
    if len(ordered) == 1:
        return f"{ordered[0]:.1f}"
    return f"{ordered[len(ordered) // 2]:.1f}, at most {ordered[-1]:.1f}"


def markdown(outcomes: Sequence[tuple[Fault, Outcome]]) -> Iterator[str]:
    """Write the table of docs/reliability.md."""
    yield "| fault | times | events | lost | twice | to recover, s | memory of a shard, MB | exact | seed |"
    yield "|---|---:|---:|---:|---:|---|---:|---|---:|"
    for fault, outcome in outcomes:
        _, times, events, lost, twice, recovered, memory, exact = row(outcome)
        name = f"`{fault.name}`: {fault.sentence}"
        cells = (name, times, events, lost, twice, recovered, memory, exact, str(outcome.plan.seed))
        yield f"| {' | '.join(cells)} |"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Give a run as plain data."""
    return {
        "fault": outcome.fault,
        "seed": outcome.plan.seed,
        "start": outcome.plan.start,
        "records": outcome.records,
        "strikes": outcome.strikes,
        "recovered_seconds": [round(seconds, 2) for seconds in outcome.recovered],
        "exact": outcome.is_exact,
        "lost": outcome.lost,
        "twice": outcome.twice,
        "tables_that_differ": [t.name for t in outcome.report.tables if not t.is_equal] if outcome.report else None,
        "problems": outcome.problems,
        "notes": outcome.notes,
        "peak_bytes": outcome.peak_bytes,
        "seconds": round(outcome.seconds, 1),
    }
