"""Business figures for Prometheus: small SQL files, each asked now and then, so that a slow or broken one holds up no other.

A file of sql/exporter begins with a header, line by line: `every` (how old an answer may become), `labels` (columns that come
first, by name), `name` and `help` (one pair for each further column), and perhaps `each` (a query whose columns become the
parameters of the file's own, which is asked once for each of its rows).
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from sinks.clickhouse import ClickHouse, StoreAwayError, StoreRefusedError

log = structlog.get_logger(__name__)

FOLDER = Path(__file__).resolve().parent.parent / "sql" / "exporter"
SECONDS = {"s": 1, "m": 60, "h": 3_600}
MOST_ROWS = 500
KEPT_SECONDS = 900.0
"""For how long the last answer of a file that fails is still shown."""


class FigureFileError(ValueError):
    """A file of sql/exporter is not as it should be; the message names it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One file.

    Attributes:
        file: its name without ending.
        labels: names of the first columns.
        metrics: (name, help) of the further columns.
        every: seconds after which it is asked again.
        each: query whose rows give parameters; None where the file is asked once.
        query: what is asked.
    """

    file: str
    labels: tuple[str, ...]
    metrics: tuple[tuple[str, str], ...]
    every: int
    each: str | None
    query: str


@dataclass(slots=True)
class Answer:
    """What a file last said.

    Attributes:
        rows: (label values, a number or None for each metric).
        asked: when it was last asked; monotonic.
        answered: when it last answered; monotonic, None for never.
        failed: whether it failed when it was last asked.
        took: seconds that it took.
    """

    rows: list[tuple[tuple[str, ...], tuple[float | None, ...]]] = field(default_factory=list)
    asked: float | None = None
    answered: float | None = None
    failed: bool = False
    took: float = 0.0


def read_figures(folder: Path = FOLDER) -> list[Figure]:
    """Read all files.

    Raises:
        FigureFileError: a header is not as it should be, or two files have a metric of one name.
    """
    figures = [_figure(path) for path in sorted(folder.glob("*.sql"))]
    names = [name for figure in figures for name, _ in figure.metrics]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FigureFileError(f"there twice in {folder}: {', '.join(twice)}")
    return figures


def _figure(path: Path) -> Figure:
    text = path.read_text("utf-8")
    head = [
        match.groups() for match in re.finditer(r"^-- (every|labels|name|help|each):[ \t]*(.*)$", text, re.MULTILINE)
    ]
    own = {key: value for key, value in head if key in ("every", "labels", "each")}
    names, helps = ([value for key, value in head if key == wanted] for wanted in ("name", "help"))
    every = re.fullmatch(r"([1-9]\d*)([smh])", own.get("every", ""))
    if every is None or "labels" not in own or not names or len(names) != len(helps) or not all(helps):
        raise FigureFileError(f"{path.name}: the header needs `every`, `labels`, and pairs of `name` and `help`")
    if wrong := [name for name in names if not re.fullmatch(r"tidegauge_[a-z0-9_]+", name)]:
        raise FigureFileError(f"{path.name}: {wrong[0]!r} is no name for a figure, which begins with tidegauge_")
    labels = tuple(filter(None, (label.strip() for label in own["labels"].split(","))))
    seconds = int(every[1]) * SECONDS[every[2]]
    return Figure(path.stem, labels, tuple(zip(names, helps, strict=True)), seconds, own.get("each"), text)


class Figures:
    """The last answers of all files; `ask_due` is called by one thread, `answers` by any."""

    def __init__(self, figures: list[Figure], store: ClickHouse, clock: Callable[[], float] = time.monotonic) -> None:
        """Ask nothing yet.

        Args:
            figures: the files.
            store: a connection of its own, as a user who can only read.
            clock: seconds; replaced in tests.
        """
        self._figures, self._store, self._clock = figures, store, clock
        self._lock = threading.Lock()
        self._answers = {figure.file: Answer() for figure in figures}

    def keep_asking(self, stopping: threading.Event, pause: float = 1.0) -> None:
        """Ask whatever is due, until told to stop."""
        while not stopping.is_set():
            self.ask_due()
            stopping.wait(pause)

    def ask_due(self) -> None:
        """Ask every file whose answer is old; one that fails keeps its last answer for a while."""
        for figure in self._figures:
            asked = self._answers[figure.file].asked
            if asked is None or self._clock() - asked >= figure.every:
                self._ask(figure)

    def answers(self) -> list[tuple[Figure, Answer]]:
        """Give what is known of every file."""
        with self._lock:
            return [(figure, self._answers[figure.file]) for figure in self._figures]

    def _ask(self, figure: Figure) -> None:
        before, began = self._answers[figure.file], self._clock()
        try:
            rows = self._rows(figure)
        except (StoreAwayError, StoreRefusedError, FigureFileError) as error:
            log.warning("figures not read", file=figure.file, error=str(error))
            fresh = before.answered is not None and began - before.answered < KEPT_SECONDS
            answer = Answer(before.rows if fresh else [], began, before.answered, True, self._clock() - began)
        else:
            answer = Answer(rows, began, began, False, self._clock() - began)
        with self._lock:
            self._answers[figure.file] = answer

    def _rows(self, figure: Figure) -> list[tuple[tuple[str, ...], tuple[float | None, ...]]]:
        found: dict[tuple[str, ...], tuple[float | None, ...]] = {}
        for parameters in self._parameters(figure):
            _, rows = self._store.table(figure.query, parameters)
            for row in rows[:MOST_ROWS]:
                labels, values = _row(figure, row)
                found.setdefault(labels, values)  # a label set that is there twice would spoil the whole page
        return list(found.items())[:MOST_ROWS]

    def _parameters(self, figure: Figure) -> list[Mapping[str, Any]]:
        if figure.each is None:
            return [{}]
        names, rows = self._store.table(figure.each)
        return [dict(zip(names, row, strict=True)) for row in rows]


def _row(figure: Figure, row: tuple[Any, ...]) -> tuple[tuple[str, ...], tuple[float | None, ...]]:
    wanted = len(figure.labels) + len(figure.metrics)
    if len(row) != wanted:
        raise FigureFileError(f"{figure.file}: {len(row)} columns, the header tells of {wanted}")
    texts, numbers = row[: len(figure.labels)], row[len(figure.labels) :]
    try:
        values = tuple(None if number is None else float(number) for number in numbers)
    except (TypeError, ValueError):
        raise FigureFileError(f"{figure.file}: {numbers!r} are not all numbers") from None
    return tuple(_printable(str(text)) for text in texts), values


def _printable(text: str) -> str:
    return text if text.isprintable() else "other"
