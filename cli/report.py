"""`tidegauge report`: the review that the owners hold, as one HTML file and as Markdown."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.settings import settings
from cli.shard_process import connect
from cli.terminal import fail, out, told
from dashboards.report.html import html
from dashboards.report.markdown import markdown
from dashboards.report.period import Kind, Period, last_period
from dashboards.report.review import review


def report(
    weekly: Annotated[bool, typer.Option("--weekly", help="The last week that is over, from Monday.")] = False,
    monthly: Annotated[bool, typer.Option("--monthly", help="The last month that is over.")] = False,
    quarterly: Annotated[bool, typer.Option("--quarterly", help="The last quarter that is over.")] = False,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As if it were this day (UTC); default: today.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder that the two files are written to.")] = Path(),
) -> None:
    """Write the review of the last week, month or quarter, beside the one before it.

    It says what moved and by how much beyond noise, which targets are met and missed, the three largest friction points, the
    slowest queries and worst caches with a suggestion, and the experiments that ended. Everything is in UTC.

    Examples:

      tidegauge report --weekly

      tidegauge report --monthly --on 2026-04-01 --output reviews

    Exit codes: 0 written; 1 ClickHouse failed; 2 wrong use.
    """
    period = last_period(_kind(weekly, monthly, quarterly), (on or datetime.now(UTC)).date())
    with told():
        made = review(connect(settings()).table, period)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for ending, text in (("html", html(made)), ("md", markdown(made))):
            path = output / f"review-{_name(period)}.{ending}"
            path.write_text(text)
            out.print(f"wrote {path}", soft_wrap=True)
    except OSError as error:
        fail(f"cannot write to {output}: {error.strerror}")


def _kind(weekly: bool, monthly: bool, quarterly: bool) -> Kind:
    options: tuple[tuple[Kind, bool], ...] = (("week", weekly), ("month", monthly), ("quarter", quarterly))
    chosen = [kind for kind, is_chosen in options if is_chosen]
    if len(chosen) != 1:
        raise typer.BadParameter("choose one of --weekly, --monthly, --quarterly")
    return chosen[0]


def _name(period: Period) -> str:
    return f"{period.kind}-{period.since:%Y-%m-%d}"
