"""`tidegauge audit`: recounts figures from the archive and says whether they are the same."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.recount import Finding, Period, compare, held_since, look_again, moment
from cli.settings import settings
from cli.shard_process import connect
from cli.terminal import FAILED, err, out, table, told
from pipelines.archive import ARCHIVE
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.to_sql import Comparison, facts_comparison, rollup_comparison
from sinks.clickhouse import ClickHouse

EXAMPLES = 5
"""Differing rows that are shown of each rollup."""
TIMEOUT_SECONDS = 600
LONGEST_WAIT = max(rollup.emit_every.total_seconds() for rollup in ROLLUPS)
"""How long, in seconds, a row of a running pipeline may wait before it is written."""
TIME_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


def audit(
    rollups: Annotated[list[str] | None, typer.Argument(help="Names of rollups and fact tables.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    since: Annotated[datetime | None, typer.Option(formats=TIME_FORMATS, help="From this time on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(formats=TIME_FORMATS, help="Before this time (UTC).")] = None,
    settle: Annotated[
        float,
        typer.Option(min=0, help="Judge no window that ended less than so many seconds ago, and the time it may wait."),
    ] = 15.0,
) -> None:
    """Recount figures from the archive, by SQL made from the same declarations, and compare row by row.

    Of the ledger what the archive knows is compared: counted and late records. Only windows are compared that the
    archive still holds in full. Rows that differ are looked at again after a moment, since a running pipeline
    writes rows a moment after the archive.

    Examples:

      tidegauge audit --all

      tidegauge audit operations errors --since 2026-11-23

    Exit codes: 0 nothing differs; 1 something does.
    """
    chosen = _chosen(rollups or [], everything=everything)
    with told():
        store = connect(settings(), timeout=TIMEOUT_SECONDS)
        now = time.time()
        latest = int((now - settle - LONGEST_WAIT) * 1000)
        bound = _milliseconds(until) if until else int(now * 1000) + 400 * 86_400_000
        starts = _starts(store, chosen, _milliseconds(since) if since else 0)
        periods = [Period(start, bound, latest) for start in starts]
        findings = [(compare(store, c, period), period) for c, period in zip(chosen, periods, strict=True)]
        if any(finding.differing for finding, _ in findings):
            findings = _again(store, findings)
    _report([finding for finding, _ in findings])


def _chosen(names: list[str], *, everything: bool) -> list[Comparison]:
    known: Mapping[str, Comparison] = {
        **{rollup.name: rollup_comparison(rollup) for rollup in ROLLUPS},
        **{facts.name: facts_comparison(facts) for facts in FACTS if facts is not ARCHIVE},
    }
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(known)}")
    if not names and not everything:
        raise typer.BadParameter(f"name what is to be recounted, or use --all: there are {', '.join(known)}")
    return [comparison for name, comparison in known.items() if everything or name in names]


def _starts(store: ClickHouse, comparisons: list[Comparison], asked: int) -> list[int]:
    """Say for each from when on it is compared, and tell where that is later than asked."""
    held = [held_since(store, comparison.table) for comparison in comparisons]
    for start in sorted({start for start in held if start > asked}):
        names = ", ".join(c.name for c, own in zip(comparisons, held, strict=True) if own == start)
        err.print(
            f"compared from {moment(start)} on, since the archive does not hold all of what was before: {names}",
            soft_wrap=True,
        )
    return [max(start, asked) for start in held]


def _milliseconds(wanted: datetime) -> int:
    return int(wanted.replace(tzinfo=UTC).timestamp() * 1000)


def _again(store: ClickHouse, findings: list[tuple[Finding, Period]]) -> list[tuple[Finding, Period]]:
    pause = LONGEST_WAIT + 3.0
    with err.status(
        f"some rows differ; looking again in {pause:.0f} s, when a running pipeline has written what waits"
    ):
        time.sleep(pause)
        return [(look_again(store, f, period) if f.differing else f, period) for f, period in findings]


def _report(findings: list[Finding]) -> None:
    rows = [
        (f.comparison.name, f.rows, f.stored, f.recounted, f.differing, f.moving)
        for f in sorted(findings, key=lambda f: -f.differing)
    ]
    out.print(table(("figures", "rows", "events stored", "recounted", "rows that differ", "not settled"), rows))
    wrong = [finding for finding in findings if finding.differing]
    for finding in wrong:
        _explain(finding)
    if any(finding.moving for finding in findings):
        err.print("rows that are not settled differ in windows that are open or just over; audit again in a while")
    if wrong:
        err.print(f"[bold red]{len(wrong)} of {len(findings)} differ[/] from what the archive says")
        raise typer.Exit(FAILED)
    total = sum(finding.rows for finding in findings)
    err.print(f"[green]no difference[/] in {total:,} rows")


def _explain(finding: Finding) -> None:
    examples = finding.differences[:EXAMPLES]
    shown = [
        (*(key or "''" for key in difference.key), measure, _side(stored), _side(recounted))
        for difference in examples
        for measure, (stored, recounted) in difference.measures.items()
    ]
    out.print()
    out.print(
        table(
            (*finding.comparison.keys, "measure", "stored", "recounted"),
            shown,
            title=f"{finding.comparison.name}: differing rows, {len(examples)} of {finding.differing:,}",
        )
    )


def _side(value: str | None) -> str:
    return "no such row" if value is None else value
