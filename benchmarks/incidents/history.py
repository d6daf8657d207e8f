"""Seven hours of healthy history for Prometheus: windows of hours that hold a minute would be alarmed by anything.

An hour of the simulated application is counted here, minute by minute, into the series that the rules of each objective record,
told again for each hour before now, and loaded as a block. What Prometheus sees afterwards it scrapes and records itself.
"""

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from alerts.slos import Age, Errors, ErrorsExcept, Latency, Probes, Slo, load_slos
from local.simulator.simulator import Plan, Simulator

HOUR = 60
"""Minutes that are simulated."""
MINUTES = 7 * HOUR
"""Minutes that are told: the longest window that may page looks back six hours."""
STEP = 60


def load_history(folder: Path, plan: Plan, now: float) -> None:
    """Write the hours before `now` of a plan's application as a block into Prometheus's folder (which is not running).

    Raises:
        subprocess.CalledProcessError: promtool did not take it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = folder.parent / "history.txt"
    text.write_text("\n".join([*_lines(plan, now), "# EOF", ""]))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def _lines(plan: Plan, now: float) -> Iterator[str]:
    start = now - HOUR * STEP
    past = Plan(start, seed=plan.seed + 1, users=plan.users, rate=plan.rate)
    slos = load_slos().slos
    total, bad, received = Counter[tuple[str, int]](), Counter[tuple[str, int]](), Counter[int]()
    for batch in Simulator(past).events(until=now):
        for _, value, at_ms in batch:
            minute = int(((at_ms or 0) / 1000 - start) // STEP)
            received[minute] += 1
            event = orjson.loads(value)
            for slo in slos:
                verdict = _is_bad(slo, event)
                if verdict is not None:
                    total[slo.name, minute] += 1
                    bad[slo.name, minute] += verdict
    for what, counts in (("total", total), ("bad", bad)):
        yield f"# TYPE slo:{what}:1m gauge"
        for slo in slos:
            for moment, minute in _told(now):
                yield f'slo:{what}:1m{{slo="{slo.name}"}} {counts[slo.name, minute]} {moment:.3f}'
    yield "# TYPE slo:received:30s gauge"
    for moment, minute in _told(now):
        yield f"slo:received:30s {received[minute] / 2} {moment:.3f}"


def _told(now: float) -> Iterator[tuple[float, int]]:
    """Give for each minute that is told its end, and the minute of the simulated hour that it is taken from."""
    start = now - MINUTES * STEP
    return ((start + (minute + 1) * STEP, minute % HOUR) for minute in range(MINUTES - 1))


def _is_bad(slo: Slo, event: dict[str, Any]) -> bool | None:
    """Judge an event for an objective; None where it does not count."""
    name, own = event.get("event", ""), event.get("properties", {})
    match slo.indicator:
        case Latency(slower_than=bound, operation=operation):
            took = own.get("duration_ms")
            return took / 1000 > float(bound) if name == operation and took is not None else None
        case Errors(errors_of=names):
            return own["outcome"] == "error" if name in names and "outcome" in own else None
        case ErrorsExcept(errors_except=names):
            return own["outcome"] == "error" if name not in names and "outcome" in own else None
        case Probes(probes_of=target):
            return not own["up"] if name == "probe.checked" and own["target"] == target else None
        case Age():
            return False
        case _:
            return False
