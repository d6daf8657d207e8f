"""`tidegauge chaos`: breaks things on purpose, and holds every figure to a recount of what was sent."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import orjson
import typer

from chaos.fault import Fault
from chaos.faults import FAULTS
from chaos.plan import BrokerKind, ChaosPlan, midnight_before
from chaos.report import COLUMNS, as_json, markdown, row
from chaos.run import Outcome, run
from cli.settings import settings
from cli.terminal import FAILED, err, fail, out, table, told
from local.apache_kafka.jars import KafkaMissingError, fetch

BY_NAME = {fault.name: fault for fault in FAULTS}


def chaos(
    faults: Annotated[list[str] | None, typer.Argument(help="Which faults strike; all of them by default.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the stream and of the moments at which faults strike.")] = 7,
    events: Annotated[int, typer.Option(min=1_000, help="Records that are simulated, for each fault.")] = 100_000,
    rate: Annotated[float, typer.Option(min=100, help="Records that are sent in a second.")] = 5_000.0,
    shards: Annotated[int, typer.Option(min=1, help="Processes of the pipeline.")] = 4,
    partitions: Annotated[int, typer.Option(min=2, help="Partitions of the topic.")] = 8,
    broker: Annotated[
        BrokerKind, typer.Option(help="kafka: one of its own; embedded: the local stack's; given: by the settings.")
    ] = BrokerKind.KAFKA,
    given_clickhouse: Annotated[
        bool, typer.Option("--given-clickhouse", help="Use TIDEGAUGE_CLICKHOUSE_URL, with a database of the run's own.")
    ] = False,
    folder: Annotated[Path | None, typer.Option(help="For logs and data; kept where a run was not exact.")] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as in docs/reliability.md.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcomes as JSON.")] = False,
    show: Annotated[bool, typer.Option("--list", help="Only say which faults there are.")] = False,
) -> None:
    """Break things on purpose while events flow, and compare every table with a plain recount of what was sent.

    Each fault gets a topic, a database and a pipeline of its own; nothing of yours is touched. The events are simulated:
    1 % are sent twice, 1 % late, 0.5 % malformed. The same seed gives the same stream and strikes.

    Examples:

      tidegauge chaos --list

      tidegauge chaos kill-shard --events 1000000 --seed 7

      tidegauge chaos kill-all mixed --broker embedded

      tidegauge chaos --broker given --given-clickhouse

    Exit codes: 0 every figure of every run is exact; 1 one is not, or a run failed; 2 wrong use; 130 Ctrl-C.
    """
    if show:
        out.print(table(("fault", "what happens"), [(fault.name, fault.sentence) for fault in FAULTS]))
        return
    plan = _plan(
        ChaosPlan(seed, events, rate, midnight_before(time.time()), partitions, shards, broker), given_clickhouse
    )
    chosen = _chosen(faults, plan)
    if plan.broker is BrokerKind.KAFKA:
        _fetch()
    place = (folder or Path(mkdtemp(prefix="tidegauge-chaos-"))).resolve()
    outcomes: list[tuple[Fault, Outcome]] = []
    with told():
        for fault in chosen:
            outcomes.append((fault, _run(fault, plan, place / fault.name)))
    _print(outcomes, as_markdown=as_markdown, json=json)
    if not all(outcome.is_exact for _, outcome in outcomes):
        err.print(f"[bold red]not exact[/]; logs and data are in {place}", soft_wrap=True)
        raise typer.Exit(FAILED)
    shutil.rmtree(place, ignore_errors=True)


def _plan(plan: ChaosPlan, given_clickhouse: bool) -> ChaosPlan:
    """Point the plan to what the settings name, where that is wanted."""
    config = settings()
    if plan.broker is BrokerKind.GIVEN:
        plan = replace(plan, bootstrap=config.kafka_bootstrap_servers)
    if given_clickhouse:
        plan = replace(
            plan,
            clickhouse_url=config.clickhouse_url,
            clickhouse_user=config.clickhouse_user,
            clickhouse_password=config.clickhouse_secret(),
        )
    return plan


def _chosen(names: list[str] | None, plan: ChaosPlan) -> list[Fault]:
    """Make the faults that were asked for; of all, leave out what this ground does not have, and say so."""
    if unknown := [name for name in names or [] if name not in BY_NAME]:
        raise typer.BadParameter(f"no fault is named {unknown[0]!r}; --list shows them all", param_hint="FAULTS")
    made = [BY_NAME[name]() for name in names or BY_NAME]
    able = []
    for fault in made:
        reason = _missing(fault, plan)
        if reason and names:
            raise typer.BadParameter(f"{fault.name} {reason}", param_hint="FAULTS")
        if reason:
            err.print(f"[yellow]left out[/] {fault.name}: it {reason}")
        else:
            able.append(fault)
    return able


def _missing(fault: Fault, plan: ChaosPlan) -> str | None:
    """Say what a fault lacks here; None where nothing."""
    if fault.needs_own_broker and plan.broker is not BrokerKind.KAFKA:
        return "strikes the broker itself, and does so only to an Apache Kafka of its own (--broker kafka)"
    if fault.needs_kafka and plan.broker is BrokerKind.EMBEDDED:
        return "needs Apache Kafka (--broker kafka or given)"
    if fault.needs_mount and os.geteuid() != 0:
        return "mounts a small disk, which only root may"
    return None


def _fetch() -> None:
    try:
        with err.status("fetching Apache Kafka (once)"):
            fetch()
    except KafkaMissingError as error:
        fail(f"{error}\nOr run on the local stack's broker: --broker embedded")


def _run(fault: Fault, plan: ChaosPlan, folder: Path) -> Outcome:
    """Run one fault, show how far it is, and say at once what it came to."""
    err.print(f"[bold]{fault.name}[/]: {fault.sentence}", soft_wrap=True)
    with err.status("starting") as status:
        outcome = run(fault, plan, folder, status.update if err.is_terminal else _line)
    for note in outcome.notes:
        err.print(f"  [dim]{note}[/]", soft_wrap=True)
    for problem in outcome.problems:
        err.print(f"  [red]{problem}[/]", soft_wrap=True)
    if outcome.report and not outcome.report.is_equal:
        err.print("\n".join(outcome.report.lines()), soft_wrap=True, markup=False)
    verdict = "[green]exact[/]" if outcome.is_exact else "[bold red]not exact[/]"
    err.print(f"  {verdict}: {outcome.records:,} records, {outcome.strikes} strikes, {outcome.seconds:,.0f} s")
    if outcome.is_exact:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _line(text: str) -> None:
    err.print(f"  [dim]{text}[/]")


def _print(outcomes: list[tuple[Fault, Outcome]], *, as_markdown: bool, json: bool) -> None:
    if json:
        typer.echo(orjson.dumps([as_json(outcome) for _, outcome in outcomes], option=orjson.OPT_INDENT_2))
    elif as_markdown:
        typer.echo("\n".join(markdown(outcomes)))
    else:
        out.print(table(COLUMNS, [row(outcome) for _, outcome in outcomes]))
