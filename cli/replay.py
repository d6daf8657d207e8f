"""`tidegauge replay`: send the events of a file into Kafka."""

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.producing import kafka_producer
from cli.settings import settings
from cli.signals import stopped_by_signals
from cli.terminal import INTERRUPTED, err, fail, out
from local.producer import BrokerError, EventProducer
from local.replay.drafts import ForeignRecords, OwnEvents, Translator, rfc3339
from local.replay.mapping import MappingError, read_mapping
from local.replay.pace import OriginalPace, Pace, SteadyRate
from local.replay.reading import Line, SourceFile, UnreadableFileError
from local.replay.replay import Options, RecordTime, Replay, Summary
from local.replay.shift import ShiftMemory, ShiftMemoryError, decide_shift
from local.replay.where import parse_where

_REASONS_SHOWN = 20
_USUAL_RETENTION_DAYS = 7  # Kafka's default for a topic
_PROGRESS_EVERY = 500  # lines; drawing costs more than sending


def replay(
    file: Annotated[str, typer.Argument(help="NDJSON or CSV, plain or gzip; - reads standard input.")],
    mapping: Annotated[Path | None, typer.Option(help="TOML file that turns foreign records into events.")] = None,
    shift: Annotated[
        bool,
        typer.Option("--shift", help="Move all times so that the last event is now; remembered per file."),
    ] = False,
    shift_anew: Annotated[
        bool, typer.Option("--shift-anew", help="As --shift, but forget how this file was moved before.")
    ] = False,
    record_time: Annotated[
        RecordTime,
        typer.Option(
            help="Timestamp of the Kafka record: the event's own time, so that data of any age is accepted, "
            "or now, for brokers that delete old records (events older than 400 days are then rejected)."
        ),
    ] = "event",
    rate: Annotated[float | None, typer.Option(min=0.001, help="Events per second.")] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=0.001, help="Multiple of the original pace: 1 as it happened, 60 a minute a second."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many records that meet --where.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Only records whose field has this value: field=value; repeatable."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Exit with 0 even when records could not become events.")
    ] = False,
) -> None:
    """Send the events of a file into Kafka: our own as they are, foreign records through a mapping.

    Message ids are made from the records, and a shift is remembered, so replaying a file again sends the very
    same events, which the pipeline then knows as duplicates for as long as it remembers message ids.

    Examples:

      tidegauge replay events.ndjson.gz

      tidegauge replay requests.ndjson.gz --mapping mappings/openstack_nova.toml --shift

      tidegauge replay requests.ndjson.gz --mapping mappings/openstack_nova.toml --where method=GET --speed 60

      zcat events.ndjson.gz | tidegauge replay - --rate 1000

    Exit codes: 0 all sent; 1 Kafka failed or some records could not become events; 2 wrong use; 130 Ctrl-C.
    """
    try:
        pace = _pace(rate, speed)
        filters = parse_where(where or [])
        translate: Translator = OwnEvents() if mapping is None else ForeignRecords(read_mapping(mapping))
        with closing(SourceFile(file)) as source:
            shift_ms = _shift_ms(source, mapping, translate, anew=shift_anew) if shift or shift_anew else 0
            producer = kafka_producer(settings())
            options = Options(shift_ms, record_time, filters, limit, pace)
            summary = _run(source, translate, producer, options)
    except (MappingError, UnreadableFileError, ShiftMemoryError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    except BrokerError as error:
        fail(str(error))
    if summary.bad and not skip_bad:
        raise typer.Exit(1)


def _run(source: SourceFile, translate: Translator, producer: EventProducer, options: Options) -> Summary:
    with _progress_bar() as progress:
        bar = progress.add_task(Path(source.name).name, total=source.size)
        seen = 0

        def on_line(line: Line) -> None:
            nonlocal seen
            seen += 1
            if seen % _PROGRESS_EVERY == 0:
                progress.update(bar, completed=line.position)

        with stopped_by_signals() as stop:
            summary = Replay(source, translate, producer, options, on_line, stop).run()
    producer.flush()
    _show(summary, producer, source.name, interrupted=stop.is_set())
    if options.record_time == "event":
        _warn_of_retention(summary)
    if stop.is_set():
        raise typer.Exit(INTERRUPTED)
    return summary


def _progress_bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=err, disable=not err.is_terminal, transient=True)


def _shift_ms(source: SourceFile, mapping: Path | None, translate: Translator, *, anew: bool) -> int:
    content = b"" if mapping is None else mapping.read_bytes()
    shift, known = decide_shift(source, content, translate, ShiftMemory(settings().data_dir), anew=anew)
    moved = f"times move by {shift.shift_ms / 86_400_000:,.2f} days"
    if known:
        out.print(
            f"Shift: {moved}, as on {rfc3339(shift.decided_at_ms)}, when this file was first replayed: "
            "the very same events are sent. --shift-anew moves them to now.",
            soft_wrap=True,
        )
    else:
        out.print(
            f"Shift: {moved}, so that the last event is now. Replaying this file again sends the same events.",
            soft_wrap=True,
        )
    return shift.shift_ms


def _warn_of_retention(summary: Summary) -> None:
    age_days = (time.time() * 1000 - (summary.first_ms or time.time() * 1000)) / 86_400_000
    if age_days > _USUAL_RETENTION_DAYS:
        err.print(
            f"Note: Kafka records carry their events' times, up to {age_days:,.0f} days ago. A broker that deletes "
            "records by age (retention.ms) may do so before they are read: run the pipeline meanwhile, or use "
            "--record-time now for data younger than 400 days.",
            soft_wrap=True,
        )


def _show(summary: Summary, producer: EventProducer, name: str, *, interrupted: bool) -> None:
    done = f"Interrupted after {summary.read:,} records of" if interrupted else "Replayed"
    out.print(_plain(f"{done} {name}"), soft_wrap=True)
    out.print(f"  records read  {summary.read:>12,}   of them sent {summary.matched:,}, not usable {summary.bad:,}")
    out.print(f"  events sent   {summary.sent:>12,}   acknowledged by Kafka {producer.acknowledged:,}")
    if summary.first_ms is not None and summary.last_ms is not None:
        out.print(f"  event times   {rfc3339(summary.first_ms)} to {rfc3339(summary.last_ms)}")
    if not summary.bad:
        return
    err.print(f"[red]{summary.bad:,} records could not become events and were not sent:[/]")
    for number, reason in summary.reasons[:_REASONS_SHOWN]:
        err.print(_plain(f"  line {number}: {reason}"), soft_wrap=True)
    if summary.bad > _REASONS_SHOWN:
        err.print(f"  and {summary.bad - _REASONS_SHOWN:,} more")


def _pace(rate: float | None, speed: float | None) -> Pace | None:
    if rate is not None and speed is not None:
        raise ValueError("--rate and --speed exclude each other: a steady rate, or the original pace")
    if rate is not None:
        return SteadyRate(rate)
    return None if speed is None else OriginalPace(speed)


def _plain(text: object) -> str:
    """Take text as it is: what looks like markup in it is the file's, not ours."""
    return str(text).replace("[", "\\[")
