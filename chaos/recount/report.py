"""What a comparison found: figures and a few examples of every table, of the ledger and of the dead letters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

EXAMPLES = 3
"""Examples of each kind that are kept."""
LONGEST = 400
"""Characters of an example."""


@dataclass(slots=True)
class Difference:
    """How many there are of one kind of difference, and the first few."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str, count: int = 1) -> None:
        """Count one, or several that one example stands for."""
        self.count += count
        if len(self.examples) < EXAMPLES:
            self.examples.append(example if len(example) <= LONGEST else f"{example[:LONGEST]} …")


@dataclass(slots=True)
class Compared:
    """A table, or the dead-letter topic, beside the recount.

    Attributes:
        name: of the table or topic.
        expected: rows that must be there.
        found: rows that are there.
        lost: expected and not found.
        extra: found and not expected.
        twice: expected once and found again.
        differing: expected and found with other figures.
        allowed: what was found again and may be: letters that a crash sent twice.
    """

    name: str
    expected: int = 0
    found: int = 0
    lost: Difference = field(default_factory=Difference)
    extra: Difference = field(default_factory=Difference)
    twice: Difference = field(default_factory=Difference)
    differing: Difference = field(default_factory=Difference)
    allowed: int = 0

    @property
    def differences(self) -> dict[str, Difference]:
        """Everything that must be none."""
        return {"lost": self.lost, "extra": self.extra, "twice": self.twice, "differing": self.differing}

    @property
    def is_equal(self) -> bool:
        """Tell whether all is as expected."""
        return not any(difference.count for difference in self.differences.values())


@dataclass(slots=True)
class Total:
    """How many events got one verdict: by the recount, by the ledger, and what its rows lack or have too many."""

    expected: int = 0
    found: int = 0
    lost: int = 0
    twice: int = 0


@dataclass(slots=True)
class Report:
    """The outcome of a comparison.

    Attributes:
        tables: each table.
        totals: `received` and each verdict, by the ledger.
        letters: the dead-letter topic, where it was compared.
    """

    tables: list[Compared]
    totals: dict[str, Total]
    letters: Compared | None = None

    @property
    def is_equal(self) -> bool:
        """Tell whether every figure is that of the recount."""
        return all(compared.is_equal for compared in self._all())

    def lines(self) -> Iterator[str]:
        """Write the report for people."""
        yield from _columns(
            [("", "expected", "found", "lost", "extra", "twice", "differing"), *map(_figures, self._all())],
        )
        yield ""
        totals = [(name, total.expected, total.found, total.lost, total.twice) for name, total in self.totals.items()]
        yield from _columns([("events by the ledger", "expected", "found", "lost", "twice"), *totals])
        for compared in self._all():
            for kind, difference in compared.differences.items():
                yield from (f"{compared.name}, {kind}: {example}" for example in difference.examples)
        yield "every figure is exact" if self.is_equal else "figures differ"

    def _all(self) -> list[Compared]:
        return self.tables if self.letters is None else [*self.tables, self.letters]


def _figures(compared: Compared) -> tuple[str | int, ...]:
    counts = (difference.count for difference in compared.differences.values())
    return compared.name, compared.expected, compared.found, *counts


def _columns(rows: Sequence[tuple[str | int, ...]]) -> Iterator[str]:
    texts = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for first, *others in texts:
        padded = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *padded])
