"""The `tidegauge` command: gathers the subcommands, one file each, and reads only the file of the one that is asked for.

A shard that was killed is back as soon as it has read what it needs; what charts, alerts and chaos need is not that.
"""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from cli.settings import SettingsError
from cli.terminal import err

COMMANDS = (
    "demo",
    "up",
    "page",
    "run",
    "exporter",
    "topics",
    "migrate",
    "simulate",
    "replay",
    "sql",
    "report",
    "ledger",
    "audit",
    "erase",
    "doctor",
    "chaos",
    "schema",
    "alerts",
    "dashboards",
)
"""In the order of the help. Each has a file of its name, and in it a command or a group (`typer.Typer`) of its name."""


class OnDemand(TyperGroup):
    """Reads a subcommand's file when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name all."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Read one."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"cli.{cmd_name}"), cmd_name)
        alone = found if isinstance(found, typer.Typer) else typer.Typer(add_completion=False, rich_markup_mode="rich")
        if alone is not found:
            alone.command(context_settings=CONTEXT)(found)
        command = get_command(alone)
        command.name = cmd_name
        return command


CONTEXT = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    cls=OnDemand,
    name="tidegauge",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings=CONTEXT,
)


@app.callback(help="Events in, figures out: every event counted once or handed back with a reason.")
def tidegauge() -> None:
    """Choose a command; there is nothing to do before it."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except SettingsError as error:
        err.print(f"[bold red]error:[/] {error}. `tidegauge doctor` lists every setting.", soft_wrap=True)
        sys.exit(2)
