"""`tidegauge erase`: removes a person from every table, proves it, and sees to it that nothing brings the person back."""

import time
from functools import partial
from typing import Annotated

import typer
from rich.status import Status

from cli.person_ids import person_ids
from cli.settings import settings
from cli.shard_process import connect
from cli.terminal import FAILED, err, fail, out, table, told
from sinks.clickhouse import ClickHouse
from sinks.erasure import SETTINGS, Erasure
from sinks.pseudonym_keys import fingerprints

TIMEOUT_SECONDS = 3600
"""How long one deletion may take: every part of a table that holds the person is written anew."""


def erase(
    user: Annotated[str, typer.Argument(help="Id of the user, or of a device, as the application knows it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erase a person from every table, with the person's devices and sessions, and print the proof.

    The erasure is remembered, so that a replay of the topic does not bring the person back. What the person does from the
    next full hour on counts again. Figures that name nobody stay as they are. What Kafka itself keeps is not touched; see
    docs/privacy.md.

    Examples:

      tidegauge erase u-00017 --dry-run

      tidegauge erase u-00017 --yes

    Exit codes: 0 nothing of the person is left; 1 something is, or it could not be done; run it again.
    """
    config = settings()
    with told():
        ids = person_ids(config)
        store = connect(config, timeout=TIMEOUT_SECONDS, server_settings=SETTINGS)
        _check_key(store, ids.fingerprint)
        erasure = Erasure(store, ids.of(user), user)
        before = erasure.count()
        if dry_run:
            out.print(table(("table", "rows of the person"), [*before.items(), ("total", sum(before.values()))]))
            return
        if not yes:
            typer.confirm(f"Delete {sum(before.values()):,} rows of {user} for good?", abort=True, err=True)
        with err.status("waiting for running pipelines") as status:
            erasure.settle(partial(_wait, status), config.max_ahead)
            before = erasure.count()
            for name in (name for name, rows in before.items() if rows):
                status.update(f"deleting from {name}")
                erasure.delete(name)
        left = erasure.count()
    _prove(user, before, left)


def _check_key(store: ClickHouse, fingerprint: str) -> None:
    """Refuse a key that this database never saw: it would find nobody and call that a proof."""
    known = fingerprints(store)
    if known and fingerprint not in known:
        fail(
            f"the database was filled with key {', '.join(known)}, and this is key {fingerprint}: it would find nobody"
        )
    if others := [other for other in known if other != fingerprint]:
        err.print(f"[yellow]note:[/] rows from the time of key {', '.join(others)} need an erasure with that key, too")


def _wait(status: Status, pipelines: list[str]) -> None:
    status.update(f"waiting until these pipelines know of it: {', '.join(pipelines)}")
    time.sleep(0.2)


def _prove(user: str, before: dict[str, int], left: dict[str, int]) -> None:
    total = ("total", sum(before.values()), sum(left.values()))
    counts = [*((name, before[name], left[name]) for name in before), total]
    rows = [(name, rows_before, rows_before - rows_left, rows_left) for name, rows_before, rows_left in counts]
    out.print(table(("table", "rows before", "deleted", "left"), rows))
    if any(left.values()):
        err.print(f"[bold red]something of {user} is left:[/] run it again")
        raise typer.Exit(FAILED)
    err.print(f"[green]nothing of {user} is left[/], and a replay will not bring it back")
