"""`tidegauge alerts`: makes Prometheus rules from the objectives, and checks them."""

from pathlib import Path
from typing import Annotated

import typer

from alerts.build import GENERATED, Places, out_of_step, write
from alerts.slos import SloFileError
from alerts.tools import ToolMissingError, check
from alerts.yaml_text import YamlError
from cli.terminal import FAILED, err, fail, out, told

alerts = typer.Typer(
    add_completion=False, help="Objectives, and the Prometheus rules made from them.", no_args_is_help=True
)

Folder = Annotated[Path, typer.Option("--folder", help="Where the files are.")]
USUAL = Places()


@alerts.command()
def build(
    folder: Folder = GENERATED,
    dashboards: Annotated[str, typer.Option(help="Beginning of dashboards' addresses.")] = USUAL.dashboards,
    runbooks: Annotated[str, typer.Option(help="Beginning of runbooks' addresses.")] = USUAL.runbooks,
    pager: Annotated[str, typer.Option(help="URL that pages are posted to.")] = USUAL.pager,
    tickets: Annotated[str, typer.Option(help="URL that tickets are posted to.")] = USUAL.tickets,
    every: Annotated[str, typer.Option(help="How often Prometheus scrapes and evaluates.")] = USUAL.every,
) -> None:
    """Write rules, their tests, and the configurations of Prometheus and Alertmanager.

    They follow from alerts/slos.yaml and alerts/conditions.yaml. The files in alerts/generated are made without options;
    for a real installation write them into a folder of its own, with its addresses.

    Example:

      tidegauge alerts build --folder /etc/prometheus/tidegauge --runbooks https://wiki.example.org/runbooks
    """
    with told():
        try:
            places = Places(dashboards=dashboards, runbooks=runbooks, pager=pager, tickets=tickets, every=every)
            written = write(folder, places)
        except (SloFileError, YamlError) as error:
            fail(str(error))
    out.print(f"{len(written)} files in {folder}")


@alerts.command("check")
def check_(folder: Folder = GENERATED) -> None:
    """Say whether the files are in step, and let promtool and amtool check and test them.

    Exit code 1 if something is wrong, or if promtool or amtool is not there.

    Example:

      tidegauge alerts check
    """
    with told():
        try:
            stale = out_of_step(folder) if folder == GENERATED else []
            found = [finding for finding in check(folder) if not finding.well]
        except (SloFileError, YamlError, ToolMissingError) as error:
            fail(str(error))
    for name in stale:
        out.print(f"[bold red]out of step[/] {name}: run `tidegauge alerts build`")
    for finding in found:
        out.print(f"[bold red]wrong[/] {finding.what}\n", soft_wrap=True)
        out.print(finding.says, markup=False, soft_wrap=True)
    if stale or found:
        raise typer.Exit(FAILED)
    err.print("all is well")
