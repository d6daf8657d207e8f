"""`tidegauge migrate`: brings the ClickHouse database up to date."""

from typing import Annotated

import typer

from cli.settings import Settings, settings
from cli.shard_process import connect
from cli.terminal import FAILED, err, out, told
from sinks import retention
from sinks.migrations import migrate as apply_migrations
from sinks.migrations import pending


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is missing; exit code 1 if anything is.")
    ] = False,
) -> None:
    """Create or update tables, functions, views and how long rows are kept. Running it again changes nothing.

    Examples:

      tidegauge migrate

      tidegauge migrate --check
    """
    config = settings()
    with told():
        if check:
            _check(config)
            return
        for step in bring_up_to_date(config):
            err.print(f"[green]done[/] {step}")
        out.print(f"database [bold]{config.database}[/] at {config.clickhouse_url} is up to date")


def bring_up_to_date(config: Settings) -> list[str]:
    """Create the database if need be and apply what is missing; return the steps that were done."""
    server = connect(config, "default")
    server.command(f"CREATE DATABASE IF NOT EXISTS {config.database}")
    server.close()
    store, days = connect(config), retention.read_days(config.retention_file)
    return [*apply_migrations(store), *retention.apply(store, days)]


def _check(config: Settings) -> None:
    store, days = connect(config), retention.read_days(config.retention_file)
    missing = pending(store)
    missing = missing or [f"retention/{change}" for change in retention.changes(store, days)]
    for name in missing:
        out.print(f"missing: {name}")
    if missing:
        raise typer.Exit(FAILED)
    out.print("nothing is missing")
