"""What all commands say things with: colours on a terminal, plain text in a pipe, errors that end the program."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from cli.person_ids import PseudonymKeyError
from pipelines.positions import SourceError
from pipelines.recovery_store import RecoveryStoreError
from pipelines.reject_limit import RejectLimitError
from pipelines.seen import SeenStateError
from pipelines.shard import SnapshotError
from pipelines.shard_folder import ShardFolderError
from sinks.clickhouse import StoreAwayError, StoreRefusedError
from sinks.cluster import ClusterError
from sinks.migrations import MigrationError
from sinks.pseudonym_keys import KeyChangedError

PIPE_WIDTH = 240
"""Columns where there is no terminal: wide enough that nothing is cut."""
out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
"""Results."""
err = Console(stderr=True, highlight=False)
"""Everything else: progress, hints, errors."""

EXPECTED_ERRORS = (
    ClusterError,
    KeyChangedError,
    MigrationError,
    PseudonymKeyError,
    RecoveryStoreError,
    RejectLimitError,
    SeenStateError,
    ShardFolderError,
    SnapshotError,
    SourceError,
    StoreAwayError,
    StoreRefusedError,
    OSError,
)
FAILED, INTERRUPTED = 1, 130
"""Exit codes besides 0 (and 2 for a wrong command line, which typer gives)."""


def fail(message: str) -> NoReturn:
    """Say what went wrong and end with exit code 1."""
    err.print(f"[bold red]error:[/] {_escaped(message)}", soft_wrap=True)
    raise typer.Exit(FAILED)


@contextmanager
def told() -> Iterator[None]:
    """Turn expected errors into a message and an exit code instead of a traceback."""
    try:
        yield
    except EXPECTED_ERRORS as error:
        fail(explained(error))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def explained(error: Exception) -> str:
    """Give what an expected error says, and what to do."""
    return f"{error}{_hint(error)}"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None) -> Table:
    """Make a table; numbers stand to the right."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        numeric = bool(rows) and all(_is_numeric(row[place]) for row in rows)
        made.add_column(name, justify="right" if numeric else "left", no_wrap=numeric)
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    return made


def _is_numeric(value: Any) -> bool:
    return isinstance(value, int | float) or re.fullmatch(r"[\d.,]+ ?%?|–", str(value)) is not None


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return _escaped(str(value))


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


def _hint(error: Exception) -> str:
    if isinstance(error, StoreAwayError):
        return (
            "\nNo ClickHouse answers there. Start the local stack with `tidegauge up`, or set TIDEGAUGE_CLICKHOUSE_URL."
        )
    if isinstance(error, StoreRefusedError) and ("UNKNOWN_DATABASE" in str(error) or "UNKNOWN_TABLE" in str(error)):
        return "\nRun `tidegauge migrate` first."
    return ""
