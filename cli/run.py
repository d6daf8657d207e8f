"""`tidegauge run`: the pipeline, all shards of it on this machine or a part of them."""

import re
import sys
from functools import partial
from typing import Annotated

import structlog
import typer

from cli.logs import set_up
from cli.person_ids import person_ids
from cli.settings import Settings, settings
from cli.shard_process import Start, connect, run_shard
from cli.signals import stopped_by_signals
from cli.terminal import EXPECTED_ERRORS, FAILED, explained, fail, told
from local.processes import Supervisor
from sinks.clickhouse import StoreAwayError
from sinks.pseudonym_keys import settle

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.05
"""Between two looks after the shards."""


def run(
    shards: Annotated[
        str,
        typer.Option(help="How many there are (4), or which of them run here (0-3/8, 5/8).", metavar="N|I/N|I-J/N"),
    ] = "1",
    log_id: Annotated[
        str,
        typer.Option(
            envvar="TIDEGAUGE_LOG_ID",
            help="Name of the topic's incarnation. After the topic was deleted and made anew, give a new name: reading starts "
            "at its beginning, and the figures go on.",
        ),
    ] = "",
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss",
            envvar="TIDEGAUGE_ACCEPT_LOSS",
            help="Go on behind records that expired in Kafka before they were read; the ledger shows the gap. For one start.",
        ),
    ] = False,
    new_key: Annotated[
        bool,
        typer.Option("--new-key", help="Accept another pseudonym key than before: every user counts as a new one."),
    ] = False,
) -> None:
    """Run the pipeline: read Kafka, write ClickHouse, show /metrics, until SIGTERM or Ctrl-C.

    Examples:

      tidegauge run

      tidegauge run --shards 8

      tidegauge run --shards 4-7/8
    """
    config = settings()
    set_up(config.log_format)
    chosen, count = parse_shards(shards)
    with told():
        _settle_key(config, accept_new=new_key)
        if len(chosen) == 1:
            run_shard(config, chosen[0], count, Start(log_id, accept_loss))
        else:
            _supervise(chosen, count, Start(log_id, accept_loss))


def _settle_key(config: Settings, *, accept_new: bool) -> None:
    """Refuse a start without a key, or with another one than the database knows."""
    ids = person_ids(config)
    try:
        settle(connect(config), ids.fingerprint, accept_new=accept_new)
    except StoreAwayError:
        if accept_new:
            raise
        log.warning("ClickHouse is away; the pseudonym key is checked before the first row is stored")


def parse_shards(text: str) -> tuple[list[int], int]:
    """Read `N`, `I/N` or `I-J/N`: which shards run here, and how many there are.

    Raises:
        typer.BadParameter: the text is none of them, or names a shard that is not there.
    """
    match = re.fullmatch(r"(?:(\d+)(?:-(\d+))?/)?(\d+)", text)
    if match is None:
        raise typer.BadParameter(f"{text!r}: give N, I/N or I-J/N, for example 8 or 4-7/8", param_hint="--shards")
    first, last, count = match.groups()
    number = int(count)
    chosen = list(range(number)) if first is None else list(range(int(first), int(last or first) + 1))
    if number < 1 or not chosen or chosen[-1] >= number:
        raise typer.BadParameter(f"{text!r}: shards are numbered 0 to {number - 1}", param_hint="--shards")
    return chosen, number


def _supervise(chosen: list[int], count: int, start: Start) -> None:
    """Run each shard as a process of its own; one that dies is started again, the others never notice.

    The processes are forks: to read the program anew took a shard more than a second, and four of them on two cores three.
    """
    config = settings()
    names = [f"shard-{shard}" for shard in chosen]
    with stopped_by_signals() as stopping, Supervisor(config.data_dir / "logs") as supervisor:
        for name, shard in zip(names, chosen, strict=True):
            supervisor.start(name, partial(_shard, config, shard, count, start))
        while not stopping.wait(WATCH_SECONDS):
            for event in supervisor.watch():
                log.warning("shard", says=event.text)
        shards = {name: supervisor.child(name) for name in names}
        supervisor.stop(together=True)
    if cut := [
        f"{name} (exit code {one.exit_status()}, see {one.log})" for name, one in shards.items() if one.exit_status()
    ]:
        fail(f"{', '.join(cut)} did not stop exactly; what is not stored yet is read again at the next start")


def _shard(config: Settings, shard: int, count: int, start: Start) -> None:
    """Be one shard; what it says goes to a log, which a terminal's colours have no place in."""
    set_up(config.log_format)
    try:
        run_shard(config, shard, count, start)
    except EXPECTED_ERRORS as error:
        print(f"error: {explained(error)}", file=sys.stderr)
        sys.exit(FAILED)
