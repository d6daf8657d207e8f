"""`python -m benchmarks.incidents`: plays all incidents, prints the table, and ends with 1 if one is not as it should be."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.incidents.calm import CALM, Calm, CalmOutcome, play_calm
from benchmarks.incidents.live import RATE, Outcome, play
from benchmarks.incidents.scenario import SCENARIOS, Scenario
from local.monitoring import missing

HEAD = (
    "| incident | paged by | first bad event → pager | pages | tickets | end → first page over |",
    "|---|---|---|---|---|---|",
)


def main() -> None:
    """Play the incidents that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="part of the names of the incidents to play; again for more")
    parser.add_argument("--jobs", type=int, default=2, help="live incidents at one time")
    arguments = parser.parse_args()
    names = [each.name for each in (*SCENARIOS, *CALM)]
    for part in arguments.only or []:
        if not any(part in name for name in names):
            parser.error(f"no incident's name has {part!r} in it; there are: {'; '.join(names)}")
    if lack := missing():
        sys.exit(lack)
    misses = list(_report(arguments.only or [""], arguments.jobs))
    for miss in misses:
        print(f"NOT AS IT SHOULD BE: {miss}")
    sys.exit(1 if misses else 0)


def _report(only: Sequence[str], jobs: int) -> Iterator[str]:
    """Print the tables; yields what is not as it should be."""
    live = [scenario for scenario in SCENARIOS if _is_asked_for(scenario.name, only)]
    if live:
        print(f"Live, {RATE:g} events a second, {min(jobs, len(live))} at a time:\n", *HEAD, sep="\n", flush=True)
    for scenario, outcome in zip(live, _play_all(live, jobs), strict=True):
        print(_live_row(scenario, outcome), flush=True)
        yield from (f"{scenario.name}: {miss}" for miss in outcome.misses(scenario))
    calm = [one for one in CALM if _is_asked_for(one.name, only)]
    if calm:
        print("\nIn promtool's time:\n", *HEAD, sep="\n", flush=True)
    for one in calm:
        found = play_calm(one)
        print(_calm_row(one, found), flush=True)
        yield from (f"{one.name}: {miss}" for miss in found.misses(one))


def _is_asked_for(name: str, only: Sequence[str]) -> bool:
    return any(part in name for part in only)


def _play_all(scenarios: Sequence[Scenario], jobs: int) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ThreadPoolExecutor(jobs) as pool:
        folders = [Path(folder) / str(number) for number in range(len(scenarios))]
        for own in folders:
            own.mkdir()
        yield from pool.map(play, scenarios, folders, range(1, len(scenarios) + 1))


def _live_row(scenario: Scenario, outcome: Outcome) -> str:
    pages = f"{outcome.pages} ({outcome.posts} posts)"
    return _row(scenario.name, outcome.by, outcome.page_after, pages, outcome.tickets, outcome.resolved_after)


def _calm_row(calm: Calm, outcome: CalmOutcome) -> str:
    by = (f"{calm.slo} ({outcome.by})",) if outcome.pages else ()
    return _row(calm.name, by, outcome.page_after, str(outcome.pages), outcome.tickets, outcome.resolved_after)


def _row(
    name: str, by: Sequence[str], page: float | None, pages: str, tickets: Sequence[str], resolved: float | None
) -> str:
    cells = (name, ", ".join(by) or "not paged", _time(page), pages, ", ".join(tickets) or "none", _time(resolved))
    return f"| {' | '.join(cells)} |"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6_000 else f"{seconds / 3_600:.2f} h"


if __name__ == "__main__":
    main()
