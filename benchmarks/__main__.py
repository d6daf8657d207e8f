"""`make bench`: how fast, how fresh and how heavy is Tidegauge beside other ways to the same figures? One run, in ratios."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.candidates import CANDIDATES, Candidate
from benchmarks.events import Written, write_events
from benchmarks.freshness import Freshness, measure_freshness
from benchmarks.ground import Ground, create_topic, ground
from benchmarks.measure import CandidateError
from benchmarks.report import freshness_lines, goals, goals_table, stream_line, throughput_table
from benchmarks.throughput import Rounds, run_rounds
from cli.terminal import FAILED, INTERRUPTED, err, fail
from local.processes import ChildFailedError
from local.producer import BrokerError

TOPIC = "bench"
NAMES = ", ".join(candidate.name for candidate in CANDIDATES)


def main(
    events: Annotated[int, typer.Option(min=10_000, help="How many events each candidate reads.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each candidate runs, in turns.")] = 3,
    only: Annotated[str, typer.Option(help=f"Which take part, comma-separated: {NAMES}.")] = "",
    freshness: Annotated[float, typer.Option(min=0, help="Seconds of the freshness run; 0 leaves it out.")] = 30.0,
) -> None:
    """Run all candidates on one machine and print tables in Markdown; progress goes to standard error.

    Examples:

      make bench

      python -m benchmarks --events 200000 --rounds 1 --only bare,latency,everything

    Exit codes: 0 measured, and every candidate's figures are right; 1 some are wrong, or one failed; 130 Ctrl-C.
    """
    chosen = _chosen(only)
    try:
        with TemporaryDirectory(prefix="tidegauge-bench-") as folder, ground(Path(folder)) as found:
            written = _write(found, events)
            took = run_rounds(found, written, chosen, rounds, _say)
            fresh = _freshness(found, took, freshness)
    except (CandidateError, ChildFailedError, BrokerError, TimeoutError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    _report(written, took, fresh)
    if any(one.wrong for own in took.values() for one in own):
        raise typer.Exit(FAILED)


def _chosen(only: str) -> list[Candidate]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := sorted(set(names) - {candidate.name for candidate in CANDIDATES}):
        raise typer.BadParameter(f"no candidate is called {', '.join(unknown)}; there are {NAMES}", param_hint="--only")
    return [candidate for candidate in CANDIDATES if not names or candidate.name in names]


def _write(found: Ground, events: int) -> Written:
    create_topic(found.bootstrap, TOPIC)
    with _counter(events) as show:
        written = write_events(found.bootstrap, TOPIC, events, show)
    _say(f"written: {stream_line(written)}")
    return written


@contextmanager
def _counter(events: int) -> Iterator[Callable[[int], None]]:
    """Show how many events are written, where there is a terminal."""
    with err.status("writing events") as status:
        yield lambda number: status.update(f"writing events: {number:,} of {events:,}")


def _freshness(found: Ground, took: Rounds, seconds: float) -> Freshness | None:
    if not seconds or "everything" not in took:
        return None
    rate = median(one.rate for one in took["everything"]) / 2
    _say(f"freshness: {rate:,.0f} events/s for {seconds:g} s")
    return measure_freshness(found, rate, seconds)


def _report(written: Written, took: Rounds, fresh: Freshness | None) -> None:
    lines = [
        f"`python -m benchmarks {' '.join(sys.argv[1:])}`".replace(" `", "`"),
        "",
        _machine(),
        stream_line(written),
        "",
    ]
    lines += [
        "Medians over the rounds, ranges in brackets; ratios are taken within a round.",
        "",
        *throughput_table(took),
    ]
    if fresh is not None:
        lines += ["", *freshness_lines(fresh)]
    lines += ["", *goals_table(goals(took, fresh))]
    typer.echo("\n".join(lines))


def _machine() -> str:
    return f"{os.cpu_count()} cores of {_processor()}, {platform.system()}, Python {platform.python_version()}."


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _say(text: str) -> None:
    err.print(f"[dim]{text}[/]", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
