"""`tidegauge simulate`: send the events of a simulated application into Kafka."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Final, cast, get_args

import orjson
import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli.producing import kafka_producer
from cli.settings import settings
from cli.signals import stopped_by_signals
from cli.terminal import INTERRUPTED, err, fail, out
from local.producer import BrokerError, EventProducer
from local.simulator import world
from local.simulator.assignment import BrokenAssignment, BrokenKind
from local.simulator.impurities import Impurities
from local.simulator.incident import Incident, IncidentKind
from local.simulator.running import run
from local.simulator.simulator import STEADY_RATE, Plan, Simulator

_REDRAW_S: Final = 0.2


def _share(text: str | float) -> float:
    """Read `1%` or `0.01`."""
    try:
        share = float(str(text).removesuffix("%")) / (100 if str(text).endswith("%") else 1)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a share such as 1% or 0.01") from None
    if not 0 <= share <= 1:
        raise typer.BadParameter(f"{text!r} is not between 0% and 100%")
    return share


def _broken(text: str) -> BrokenAssignment:
    """Read `search_ranking=skewed`."""
    experiment, _, kind = text.partition("=")
    kinds = get_args(BrokenKind)
    if experiment not in world.EXPERIMENTS or kind not in kinds:
        names = " or ".join(f"{name}={'|'.join(kinds)}" for name in world.EXPERIMENTS)
        raise typer.BadParameter(f"{text!r}: give {names}")
    return BrokenAssignment(experiment, cast(BrokenKind, kind))


def simulate(
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Records per second; default 200, with --days from the users.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="End after so many seconds of the stream.")] = None,
    events: Annotated[
        int | None, typer.Option(min=1, help="End with the action that makes the records so many.")
    ] = None,
    days: Annotated[
        float | None, typer.Option(min=0.01, help="Write so many past days with their rhythm, at full speed.")
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Full speed, with past times; needs --seconds or --events.")
    ] = False,
    start: Annotated[
        datetime | None, typer.Option(help="Start (UTC) with --days or --fast; default: so that it ends now.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another world.")] = 0,
    users: Annotated[int, typer.Option(min=1, help="Users of the application.")] = 2_000,
    incident: Annotated[IncidentKind | None, typer.Option(help="What goes wrong for a while.")] = None,
    incident_at: Annotated[float, typer.Option(min=0, help="Seconds from the start to the incident.")] = 30.0,
    incident_for: Annotated[float, typer.Option(min=0.1, help="Seconds that it lasts.")] = 60.0,
    duplicates: Annotated[
        float, typer.Option(parser=_share, metavar="SHARE", help="Events sent twice, for example 1%.")
    ] = 0.0,
    late: Annotated[float, typer.Option(parser=_share, metavar="SHARE", help="Events sent late.")] = 0.0,
    malformed: Annotated[
        float, typer.Option(parser=_share, metavar="SHARE", help="Events followed by a malformed record.")
    ] = 0.0,
    broken: Annotated[
        BrokenAssignment | None,
        typer.Option(
            parser=_broken,
            metavar="EXPERIMENT=KIND",
            help="Break an experiment's assignment: KIND is skewed or unstable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Send the events of a simulated construction-estimating application into Kafka.

    Live, events are sent when they happen, until Ctrl-C, --seconds or --events. With --days or --fast they carry
    past times, and so do their Kafka records, so that the pipeline judges them as it would have then. The same
    options and the same start give the same bytes. Duplicates, late and malformed records can be mixed in; the
    summary counts everything.

    Examples:

      tidegauge simulate

      tidegauge simulate --rate 1000 --incident latency --incident-at 60 --incident-for 120

      tidegauge simulate --days 28 --users 20000 --seed 7

      tidegauge simulate --days 14 --broken search_ranking=skewed

      tidegauge simulate --fast --events 1000000 --duplicates 1% --late 1% --malformed 0.5% --json

    Exit codes: 0 done; 1 Kafka failed; 2 wrong use; 130 Ctrl-C, when all that was sent is acknowledged.
    """
    live = not (fast or days)
    plan = Plan(
        start=_start(live, start, (days and days * 86_400, seconds, events and events / (rate or STEADY_RATE))),
        seed=seed,
        users=users,
        rate=rate,
        days=days or 0.0,
        incident=Incident(incident, incident_at, incident_for) if incident else None,
        broken=broken,
        impurities=Impurities(duplicates, late, malformed),
    )
    try:
        _simulate(plan, seconds, events, live=live, as_json=as_json)
    except BrokerError as error:
        fail(str(error))


def _start(live: bool, start: datetime | None, spans: tuple[float | None, ...]) -> float:
    """Return the stream's first moment: now for a live stream, else so that its last moment is about now."""
    if live:
        if start is not None:
            raise typer.BadParameter("--start needs --days or --fast: a live stream starts now")
        return time.time()
    if not any(spans):
        raise typer.BadParameter("--fast needs --seconds or --events, or it would never end")
    if start is not None:
        return start.replace(tzinfo=UTC).timestamp()
    return time.time() - min(span for span in spans if span)


def _simulate(plan: Plan, seconds: float | None, events: int | None, *, live: bool, as_json: bool) -> None:
    producer = kafka_producer(settings())
    simulator = Simulator(plan)
    until = plan.start + seconds if seconds else plan.end
    began = time.monotonic()
    with stopped_by_signals() as stop, _progress(simulator, until, events) as show:
        run(simulator, producer, live=live, until=until, limit=events, stop=stop, on_batch=show)
    producer.flush()
    took_s = time.monotonic() - began
    if as_json:
        _report_json(simulator, producer, took_s)
    else:
        _report(simulator, producer, took_s)
    if stop.is_set():
        raise typer.Exit(INTERRUPTED)


@contextmanager
def _progress(simulator: Simulator, until: float | None, events: int | None) -> Iterator[Callable[[], None]]:
    """Show a live line on a terminal; give the function that refreshes it."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    total = until - simulator.plan.start if until else events
    began = drawn = time.monotonic()
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        line = progress.add_task("starting", total=total)

        def show() -> None:
            nonlocal drawn
            if (now := time.monotonic()) - drawn < _REDRAW_S:
                return
            drawn, sent = now, simulator.tally.sent
            done = simulator.now - simulator.plan.start if until else sent
            text = f"{sent:,} sent, {sent / (now - began):,.0f} a second"
            progress.update(line, completed=done, description=text)

        yield show


def _report_json(simulator: Simulator, producer: EventProducer, took_s: float) -> None:
    summary = {
        "seed": simulator.plan.seed,
        "first": _moment(simulator.plan.start),
        "last": _moment(simulator.now),
        "seconds": round(took_s, 3),
        "acknowledged": producer.acknowledged,
        "tally": simulator.tally.as_dict(),
        "truth": simulator.truth.as_dict(),
    }
    typer.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2))


def _report(simulator: Simulator, producer: EventProducer, took_s: float) -> None:
    tally, plan = simulator.tally, simulator.plan
    lines = [
        f"Sent {tally.sent:,} records in {took_s:,.1f} s, {tally.sent / took_s:,.0f} a second (seed {plan.seed})",
        f"  acknowledged by Kafka  {producer.acknowledged:,}",
        f"  stream                 {_moment(plan.start)} to {_moment(simulator.now)}",
        f"  on time {tally.on_time:,}, late {tally.late:,}, duplicates {tally.duplicates:,}, "
        f"malformed {tally.malformed:,}",
    ]
    for event, count in tally.events.most_common():
        errors = f"  {tally.errors[event]:>8,} errors" if tally.errors[event] else ""
        lines.append(f"  {count:>12,} {event:<24}{errors}")
    out.print("\n".join(lines), soft_wrap=True)


def _moment(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="seconds")
