"""The `tidegauge` command: gathers the subcommands, one file each."""

import sys

import typer

from cli.alerts import alerts
from cli.audit import audit
from cli.chaos import chaos
from cli.dashboards import dashboards
from cli.demo import demo
from cli.doctor import doctor
from cli.erase import erase
from cli.exporter import exporter
from cli.ledger import ledger
from cli.migrate import migrate
from cli.page import page
from cli.replay import replay
from cli.report import report
from cli.run import run
from cli.schema import schema
from cli.settings import SettingsError
from cli.simulate import simulate
from cli.sql import sql
from cli.terminal import err
from cli.topics import topics
from cli.up import up

app = typer.Typer(
    name="tidegauge",
    help="Events in, figures out: every event counted once or handed back with a reason.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    demo,
    up,
    page,
    run,
    exporter,
    topics,
    migrate,
    simulate,
    replay,
    sql,
    report,
    ledger,
    audit,
    erase,
    doctor,
    chaos,
    schema,
):
    app.command()(command)
app.add_typer(dashboards, name="dashboards")
app.add_typer(alerts, name="alerts")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except SettingsError as error:
        err.print(f"[bold red]error:[/] {error}. `tidegauge doctor` lists every setting.", soft_wrap=True)
        sys.exit(2)
