"""Reads the figures of the review from sql/reports: one file a figure, with a header like that of a panel."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dashboards.objectives import Bound, Good, bounds
from dashboards.panels import filled, split_header

FOLDER = Path(__file__).resolve().parents[2] / "sql" / "reports"
KEYS = frozenset({"title", "place", "unit", "bounds", "better", "evidence", "definition", "monthly", "cumulative"})


@dataclass(frozen=True, slots=True)
class Question:
    """One figure.

    Attributes:
        name: its file.
        title: what it is.
        unit: of its value, as in panels.
        bound: the target, or None.
        good: the side of the target, or of an earlier value, that is better.
        evidence: the smallest `n` that it may be judged by.
        definition: how it comes about.
        monthly: whether it is of the month that the period ends in, whatever the period.
        cumulative: whether it adds up from the first day, so that two periods cannot be compared as independent.
        sql: gives at most one row with value, low, high, n (and hits of a share).
    """

    name: str
    title: str
    place: int
    unit: str
    bound: Bound | None
    good: Good
    evidence: int
    definition: str
    monthly: bool
    cumulative: bool
    sql: str


@cache
def questions() -> tuple[Question, ...]:
    """Read all figures, in their order.

    Raises:
        ValueError: a header has what means nothing.
    """
    read = [_question(path.stem, *split_header(path.read_text())) for path in sorted(FOLDER.glob("*.sql"))]
    return tuple(sorted(read, key=lambda question: question.place))


def list_sql(name: str) -> str:
    """Give the query of one of the review's lists (sql/reports/lists), without its first comment."""
    return split_header((FOLDER / "lists" / f"{name}.sql").read_text())[1]


def _question(name: str, head: Mapping[str, str], sql: str) -> Question:
    if strange := set(head) - KEYS:
        raise ValueError(f"sql/reports/{name}.sql: the header has {sorted(strange)}, which means nothing")
    bound = bounds()[head["bounds"]] if "bounds" in head else None
    good: Good = bound.good if bound else ("below" if head["better"] == "below" else "above")
    return Question(
        name=name,
        title=head["title"],
        place=int(head["place"]),
        unit=head["unit"],
        bound=bound,
        good=good,
        evidence=int(head["evidence"]),
        definition=head["definition"],
        monthly=head.get("monthly") == "yes",
        cumulative=head.get("cumulative") == "yes",
        sql=filled(sql),
    )
