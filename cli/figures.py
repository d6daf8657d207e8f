"""The figures that the live view and the summary show, read from where everybody reads them: ClickHouse and /metrics."""

import urllib.error
import urllib.request
from dataclasses import dataclass

from sinks.clickhouse import ClickHouse

VERDICTS = ("received", "counted", "duplicate", "rejected", "late")

OPERATIONS = """
SELECT event,
       sum(count) AS n,
       sum(errors) AS bad,
       sum(outcomes) AS judged,
       latency_quantiles(sumMap(duration_sketch)) AS p
FROM operations
WHERE window_start >= now() - INTERVAL {minutes:UInt32} MINUTE
GROUP BY event
ORDER BY (sum(duration_count) > 0) DESC, n DESC
LIMIT {most:UInt32}
"""


@dataclass(frozen=True, slots=True)
class OperationFigures:
    """One operation over the last minutes; durations in ms, NaN where none was measured."""

    event: str
    count: int
    errors: int
    judged: int
    p50: float
    p95: float
    p99: float

    @property
    def error_rate(self) -> float | None:
        """Share of events with an error among those that carry an outcome; None where none does."""
        return self.errors / self.judged if self.judged else None


def operations(store: ClickHouse, *, minutes: int = 5, most: int = 12) -> list[OperationFigures]:
    """Read the operations of the last minutes, those with durations first."""
    rows = store.query(OPERATIONS, {"minutes": minutes, "most": most})
    return [OperationFigures(event, n, bad, judged, *p) for event, n, bad, judged, p in rows]


def ledger_totals(store: ClickHouse) -> dict[str, int]:
    """Read how many records got which verdict, over everything that is kept."""
    sums = ", ".join(f"sum({name})" for name in VERDICTS)
    rows = store.query(f"SELECT {sums} FROM ledger")
    return dict(zip(VERDICTS, map(int, rows[0]), strict=True)) if rows else dict.fromkeys(VERDICTS, 0)


def page_values(url: str, *, having: str = "") -> dict[str, float]:
    """Read a Prometheus page of ours: family -> sum over its labels. Empty while nothing answers there.

    Args:
        url: of the page.
        having: text that a line must contain to count, for example `operation="library.search"`.
    """
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own address
            text = answer.read().decode()
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return {}
    values: dict[str, float] = {}
    for line in text.splitlines():
        if line and not line.startswith("#") and having in line:
            name, _, value = line.rpartition(" ")
            family = name.partition("{")[0]
            values[family] = values.get(family, 0.0) + float(value)
    return values
