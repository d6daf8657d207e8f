"""`tidegauge sql`: asks ClickHouse one question."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from cli.settings import settings
from cli.shard_process import connect
from cli.terminal import out, table, told


class Format(StrEnum):
    """How the answer is written."""

    AUTO = "auto"
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    TSV = "tsv"


WRITTEN_AS = {Format.JSON: "JSONEachRow", Format.CSV: "CSVWithNames", Format.TSV: "TabSeparatedWithNames"}


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT; `-` reads it from standard input.")],
    output: Annotated[
        Format, typer.Option("--format", "-f", help="auto: a table on a terminal, TSV in a pipe.")
    ] = Format.AUTO,
) -> None:
    """Ask ClickHouse a question; SHOW TABLES names the views, docs/data-dictionary.md explains them.

    Examples:

      tidegauge sql "SELECT event, sum(count), sum(errors) FROM operations GROUP BY event ORDER BY 2 DESC"

      tidegauge sql "SELECT event, latency_quantiles(sumMap(duration_sketch)) FROM operations GROUP BY event" -f json

      tidegauge sql "SELECT * FROM experiment_results(experiment = 'search_ranking', goal = 'find_item', window_hours = 24)"
    """
    text = sys.stdin.read() if query == "-" else query
    chosen = output
    if output is Format.AUTO:
        chosen = Format.TABLE if sys.stdout.isatty() else Format.TSV
    with told():
        store = connect(settings())
        if chosen is Format.TABLE:
            columns, rows = store.table(text)
            out.print(table(columns, rows))
        else:
            sys.stdout.write(store.text(text, WRITTEN_AS[chosen]))
