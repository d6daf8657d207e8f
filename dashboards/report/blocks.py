"""What a review says, as headings, sentences and tables: written once, for HTML and Markdown alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboards.report.noise import LEVEL
from dashboards.report.numbers import between, changed, percent, written
from dashboards.report.review import Movement, Review, Row, Trial

SIGNS = {
    "met": "✔",
    "missed": "✖",
    "met, may be chance": "≈",
    "missed, may be chance": "≈",
    "too little data": "…",
    "no target": "",
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a part."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence or more."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `numeric` are the places of columns that are aligned to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[int] = ()


Block = Heading | Text | Table


def title(review: Review) -> str:
    """Give the title of a review."""
    return (
        f"Review of the {review.period.title}" if review.period.kind != "month" else f"Review of {review.period.title}"
    )


def blocks(review: Review) -> Iterator[Block]:
    """Say all that a review has to say, most important first."""
    yield Text(_summary(review.movements))
    yield from _moved(review)
    yield from _targets(review.movements)
    yield from _friction(review)
    yield from _queries(review)
    yield from _caches(review)
    yield from _trials(review.trials)
    yield from _method(review)


def _summary(movements: Sequence[Movement]) -> str:
    missed = [each.question.title.lower() for each in movements if each.verdict == "missed"]
    judged = [each for each in movements if each.question.bound and each.verdict != "too little data"]
    worse = [each.question.title.lower() for each in movements if each.moved and not each.better]
    better = [each.question.title.lower() for each in movements if each.moved and each.better]
    parts = [f"{len(judged) - len(missed)} of {len(judged)} targets that can be judged are met or within chance of it."]
    if missed:
        parts.append(f"Missed: {'; '.join(missed)}.")
    parts.append(f"Worse beyond noise: {'; '.join(worse)}." if worse else "Nothing got worse beyond noise.")
    parts.append(f"Better beyond noise: {'; '.join(better)}." if better else "Nothing got better beyond noise.")
    return " ".join(parts)


def _moved(review: Review) -> Iterator[Block]:
    yield Heading("What moved, and by how much")
    rows = [_moved_row(each) for each in sorted(review.movements, key=lambda one: not one.moved)]
    yield Table(("figure", "now", "before", "change (95 % interval)", "verdict"), rows, (1, 2, 3))


def _moved_row(each: Movement) -> list[str]:
    unit = each.question.unit
    now, before = (written(one.value if one else None, unit) for one in (each.now, each.before))
    if each.change is None:
        return [each.question.title, now, before, "", _why_not(each)]
    change = (
        f"{changed(each.change.value, unit)} ({changed(each.change.low, unit)} to {changed(each.change.high, unit)})"
    )
    word = ("▲ better" if each.better else "▼ worse") if each.moved else "within noise"
    return [each.question.title, now, before, change, word]


def _why_not(each: Movement) -> str:
    if each.now is None or each.now.n < each.question.evidence:
        return "too little data"
    if each.question.cumulative:
        return "adds up from the first day, so it is not compared"
    if each.before is None:
        return "same month as before" if each.question.monthly else "nothing before"
    return "too little data before" if each.before.n < each.question.evidence else "has no interval"


def _targets(movements: Sequence[Movement]) -> Iterator[Block]:
    yield Heading("Targets")
    rows = []
    for each in movements:
        bound = each.question.bound
        if bound is None:
            continue
        unit, now = each.question.unit, each.now
        wanted = f"{'at least' if bound.good == 'above' else 'at most'} {written(bound.value, unit)}"
        counts = "" if now is None else f"{now.hits:,} of {now.n:,}" if now.hits is not None else f"{now.n:,}"
        interval = between(now.low, now.high, unit) if now else ""
        rows.append(
            [
                f"{SIGNS[each.verdict]} {each.verdict}",
                bound.says,
                wanted,
                written(now.value if now else None, unit),
                interval,
                counts,
            ]
        )
    yield Table(("", "target", "wanted", "is", "95 % interval", "based on"), rows, (2, 3, 4, 5))


def _friction(review: Review) -> Iterator[Block]:
    yield Heading("The three largest friction points")
    if not review.friction:
        yield Text("Nobody was stopped anywhere that is measured.")
        return
    yield Text("Where people did not get what they wanted, by how often it happened.")
    rows = [
        [
            row["place"],
            row["what"],
            f"{row['times']:,} of {row['occasions']:,}",
            percent(row["share"]),
            between(row["low"], row["high"], "share"),
        ]
        for row in review.friction
    ]
    yield Table(("where", "what", "how often", "share", "95 % interval"), rows, (2, 3, 4))


def _queries(review: Review) -> Iterator[Block]:
    yield Heading("The slowest queries")
    if not review.queries:
        yield Text("No database query was seen.")
        return
    rows = [
        [
            row["fingerprint"],
            percent(row["time_share"]),
            f"{row['queries']:,}",
            written(row["mean_ms"], "ms"),
            written(row["p95_ms"], "ms"),
            row["advice"],
        ]
        for row in review.queries
    ]
    yield Table(("statement", "share of time", "queries", "mean", "p95", "suggestion"), rows, (1, 2, 3, 4))


def _caches(review: Review) -> Iterator[Block]:
    yield Heading("The worst caches")
    if not review.caches:
        yield Text("No cache was asked.")
        return
    rows = [
        [
            row["cache"],
            percent(row["value"]),
            f"{row['hits']:,} of {row['n']:,}",
            f"{row['top_key']} ({percent(row['top_share'])} of the misses)",
            row["advice"],
        ]
        for row in review.caches
    ]
    yield Table(("cache", "found there", "counts", "missed most", "suggestion"), rows, (1, 2))


def _trials(trials: Sequence[Trial]) -> Iterator[Block]:
    yield Heading("Experiments that ended")
    ended = [trial for trial in trials if not trial.is_running]
    if not ended:
        yield Text("None ended in this period.")
    for trial in ended:
        yield Text(
            f"{trial.experiment}: {trial.units:,} units, from {trial.began:%Y-%m-%d} to {trial.newest:%Y-%m-%d}. "
            f"{_outcome(trial)}"
        )
        yield Table(
            ("goal", "variant", "reaches it", "against", "difference (95 % interval)", ""),
            [_result(row) for row in trial.results],
            (2, 3, 4),
        )
    if running := [f"{trial.experiment} ({trial.units:,} units)" for trial in trials if trial.is_running]:
        yield Text(f"Still running, so nothing is said of their results here: {', '.join(running)}.")


def _outcome(trial: Trial) -> str:
    certain = [f"{row['variant']} changed {row['goal']}" for row in trial.results if row["certain"]]
    return f"Beyond noise: {'; '.join(certain)}." if certain else "No difference beyond noise was seen."


def _result(row: Row) -> list[str]:
    change = row["change"]
    difference = f"{changed(change.value, 'share')} ({changed(change.low, 'share')} to {changed(change.high, 'share')})"
    return [
        str(row["goal"]),
        str(row["variant"]),
        f"{percent(row['share'])} ({row['conversions']:,} of {row['units']:,})",
        f"{row['base']}: {percent(row['base_share'])} ({row['base_conversions']:,} of {row['base_units']:,})",
        difference,
        "beyond noise" if row["certain"] else "within noise",
    ]


def _method(review: Review) -> Iterator[Block]:
    period = review.period
    compared = sum(each.change is not None for each in review.movements)
    yield Heading("How it was judged")
    yield Text(
        f"Compared are {period.since:%Y-%m-%d} to {period.until:%Y-%m-%d} with {period.before.since:%Y-%m-%d} to "
        f"{period.since:%Y-%m-%d} (UTC, the last day not included). Intervals are 95 %. The interval of a difference follows "
        "from both (MOVER, Zou and Donner 2008; for shares that is Newcombe's method 10), as if the periods were "
        f"independent: the same people are in both, so it is cautious. Of all {compared} comparisons those count as beyond "
        f"noise that survive Holm's method at {LEVEL:.0%}. A target is met or missed for sure where the whole interval lies on "
        "one side of it. An experiment has ended when nobody was exposed in the last two days of the period; its goals are "
        "reached within 7 days of the first exposure, and Holm's method is applied to them."
    )
    yield Table(
        ("figure", "definition"), [[each.question.title, each.question.definition] for each in review.movements]
    )
