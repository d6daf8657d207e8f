"""How fast is each candidate? All of them in turns over several rounds, because rates alone are noise on shared cores."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import psutil

from benchmarks.candidates import AllRead, Candidate, Name
from benchmarks.events import Written
from benchmarks.ground import Ground
from benchmarks.measure import Measurement, Process, measured

Rounds = dict[Name, list[Measurement]]
"""The measurements of each candidate, round by round."""


def run_rounds(
    ground: Ground, written: Written, candidates: Sequence[Candidate], rounds: int, say: Callable[[str], None]
) -> Rounds:
    """Run all candidates in turns.

    Raises:
        CandidateError: one of them failed.
    """
    found: Rounds = {candidate.name: [] for candidate in candidates}
    for number in range(1, rounds + 1):
        for candidate in candidates:
            say(f"round {number} of {rounds}: {candidate.title}")
            took = run_one(ground, written, candidate, f"round{number}_{candidate.name}")
            found[candidate.name].append(took)
            say(f"  {took.rate:,.0f} events/s, {took.cpu_us:.1f} µs CPU an event{_warning(took)}")
    return found


def run_one(ground: Ground, written: Written, candidate: Candidate, name: str) -> Measurement:
    """Run one candidate once, in a database of its own, and check its figures."""
    run = ground.run(name, written.topic)
    arguments = tuple(text.format(records=written.records) for text in candidate.arguments)
    store_process = psutil.Process(ground.clickhouse_pid)
    with ground.database(run, migrated=candidate.migrated) as store:
        with Process(candidate.module, arguments, run.environment, run.folder / "log") as process:
            took = measured(
                process,
                written.records,
                store_process,
                last_mark=candidate.last_mark,
                may_stop=AllRead(run.page, written.records) if candidate.endless else None,
            )
        return replace(took, wrong=candidate.check(written, store, took.last_mark))


def _warning(took: Measurement) -> str:
    return f"; WRONG: {took.wrong}" if took.wrong else ""
