"""`tidegauge ledger`: what became of every record, and whether it adds up."""

from typing import Annotated

import typer

from cli.settings import settings
from cli.shard_process import connect
from cli.terminal import FAILED, err, out, table, told

COLUMNS = ("received", "counted", "duplicate", "rejected", "late")
BY = {"minute": "toString(minute)", "partition": "toString(partition)", "total": "'all'"}


def ledger(
    by: Annotated[str, typer.Option(help="One row by: total, partition or minute.")] = "partition",
    last: Annotated[int | None, typer.Option(help="Only the last N minutes (of Kafka's timestamps).", min=1)] = None,
) -> None:
    """Show what became of every Kafka record: received = counted + duplicate + rejected + late.

    Records that expired in Kafka before they were read are told, too. Exit code 1 if it does not add up.

    Examples:

      tidegauge ledger

      tidegauge ledger --by minute --last 30
    """
    if by not in BY:
        raise typer.BadParameter(f"one of {', '.join(BY)}", param_hint="--by")
    sums = ", ".join(f"sum({name})" for name in COLUMNS)
    since = f"WHERE minute > (SELECT max(minute) FROM ledger) - INTERVAL {last} MINUTE" if last else ""
    with told():
        store = connect(settings())
        rows = store.query(f"SELECT {BY[by]} AS k, {sums} FROM ledger {since} GROUP BY k ORDER BY length(k), k")
        reasons = store.query(
            "SELECT reason, count() AS n FROM rejected_events GROUP BY reason ORDER BY n DESC LIMIT 10"
        )
        gaps = store.query(
            "SELECT partition, first_offset, end_offset, records, toString(noticed_at) FROM gaps ORDER BY 1, 2"
        )
    if gaps:
        err.print("[bold red]records expired before they were read[/], and their loss was accepted:")
        err.print(table(("partition", "from offset", "up to", "records", "accepted at (UTC)"), gaps))
    if not rows:
        err.print("no records yet; start `tidegauge demo`, or `tidegauge replay FILE`")
        return
    totals = ("total", *(sum(row[place] for row in rows) for place in range(1, len(COLUMNS) + 1)))
    shown = rows if by == "total" else [*rows, totals]
    out.print(table((by, *COLUMNS), shown))
    if reasons:
        out.print()
        out.print(table(("rejected because", "records"), reasons))
    received, accounted = totals[1], sum(totals[2:])
    if received != accounted:
        err.print(f"[bold red]the ledger does not add up:[/] {received:,} received, {accounted:,} accounted for")
        raise typer.Exit(FAILED)
    err.print(f"[green]it adds up:[/] {received:,} received = {accounted:,} accounted for")
