"""One chaos run: the stream in slices, a fault in each, and at the end every table beside the recount."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from chaos.fault import Fault
from chaos.ground import KEY, ChaosError, Ground, ground
from chaos.plan import ChaosPlan, simulated
from chaos.recount.compare import check
from chaos.recount.records import Rules
from chaos.recount.report import Report
from chaos.stream import StreamError
from local.processes import ChildFailedError
from local.producer import Record

MEMORY_BYTES: Final = 600_000_000
"""The bar of a shard's resident memory."""
TOLD: Final = (ChaosError, ChildFailedError, StreamError)
"""Errors that say by themselves what happened."""
Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        fault: its name.
        plan: what was run.
        records: how many were sent.
        strikes: how often the fault struck.
        recovered: for each strike, seconds until everything sent before its end was in the ledger.
        report: the comparison with the recount; None where the run did not come so far.
        problems: what did not hold besides; the run is exact only without any.
        notes: what is worth knowing.
        peak_bytes: the largest resident memory of a shard.
        seconds: how long it all took.
    """

    fault: str
    plan: ChaosPlan
    records: int = 0
    strikes: int = 0
    recovered: list[float] = field(default_factory=list)
    report: Report | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    peak_bytes: int = 0
    seconds: float = 0.0

    @property
    def is_exact(self) -> bool:
        """Tell whether every figure equals the recount and everything else held."""
        return self.report is not None and self.report.is_equal and not self.problems

    @property
    def lost(self) -> int:
        """Events that the ledger lacks."""
        return self.report.totals["received"].lost if self.report else 0

    @property
    def twice(self) -> int:
        """Events that the ledger has too many."""
        return self.report.totals["received"].twice if self.report else 0


def run(fault: Fault, plan: ChaosPlan, folder: Path, say: Say = lambda text: None) -> Outcome:
    """Run one fault and compare; whatever happens is in the outcome."""
    plan = fault.planned(replace(plan, settings={**plan.settings, **fault.settings}))
    outcome, began = Outcome(fault.name, plan), time.monotonic()
    say(f"simulating {plan.events:,} events")
    records = fault.spoiled(simulated(plan), plan)
    outcome.records = len(records)
    try:
        with ground(plan, folder) as made:
            try:
                _play(fault, records, made, outcome, say)
            finally:
                outcome.problems += made.problems
                outcome.notes += made.notes
                outcome.peak_bytes = made.pipeline.peak_bytes
    except Exception as error:
        # A run that broke down is one that is not exact; those after it go on.
        outcome.problems.append(str(error) if isinstance(error, TOLD) else f"{type(error).__name__}: {error}")
    if outcome.peak_bytes > MEMORY_BYTES:
        outcome.problems.append(f"a shard took {outcome.peak_bytes / 1e6:,.0f} MB of memory")
    outcome.seconds = time.monotonic() - began
    return outcome


def _play(fault: Fault, records: list[Record], made: Ground, outcome: Outcome, say: Say) -> None:
    fault.prepare(made)
    made.pipeline.start()
    made.wait_until_all_read()
    for number, piece in enumerate(_slices(records, fault.times)):
        made.stream.begin(piece)
        made.waited(0, min(len(piece) / made.stream.rate, 5.0))
        fault.strike(made)
        outcome.recovered.append(made.caught_up())
        outcome.strikes += 1
        made.stream.end()
        say(f"strike {number + 1} of {fault.times}: caught up after {outcome.recovered[-1]:.1f} s")
    say("waiting until everything is in the ledger")
    made.caught_up()
    fault.verify(made)
    _compare(made, outcome, say)


def _compare(made: Ground, outcome: Outcome, say: Say) -> None:
    """Stop exactly, which writes the rows that wait, and compare."""
    made.wait_until_all_read()
    status = made.pipeline.stop()
    made.expect(status == 0, f"the exact stop at the end gave exit code {status}")
    say("comparing every table with the recount")
    sent = made.stream.records()
    outcome.report = check(sent, Rules(), KEY.encode(), made.store.query, made.letters())


def _slices(records: Sequence[Record], count: int) -> Iterator[Sequence[Record]]:
    for number in range(count):
        yield records[len(records) * number // count : len(records) * (number + 1) // count]
