"""Incidents that take hours, in promtool's time: it evaluates the real rules, and says when they fire.

promtool tells what differs from what a test expects. So a test expects at every moment that nothing fires, and what it complains
of is when something does.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alerts.build import GENERATED
from alerts.burn import seconds
from alerts.proofs import Piece, series
from alerts.slos import Slo, load_slos
from alerts.yaml_text import yaml_text

_GOT = re.compile(r"time: (\S+),\s+exp: nil\s+got: (.+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")


@dataclass(frozen=True, slots=True)
class Calm:
    """An incident in promtool's time.

    Attributes:
        name: for the table.
        slo: the objective that it touches.
        pace: how often rules are evaluated, and how long a step of the pieces is.
        pieces: events and bad events a step; the first piece is healthy.
        page_within: seconds after the first bad event within which it must page; None if nothing may.
        rules: which of the objective's rule files are evaluated: what happens within seconds, or the windows of hours.
    """

    name: str
    slo: str
    pace: str
    pieces: tuple[Piece, ...]
    page_within: float | None
    rules: str = "burn"


@dataclass(frozen=True, slots=True)
class CalmOutcome:
    """What promtool says; seconds after the first bad event, None for never.

    Attributes:
        page_after: until the first page.
        by: the tier of the alert that paged first.
        pages: how often the page began.
        tickets: tiers that opened a ticket.
        resolved_after: from the last bad event until no page fires; None if none did.
    """

    page_after: float | None
    by: str
    pages: int
    tickets: tuple[str, ...]
    resolved_after: float | None

    def misses(self, calm: Calm) -> list[str]:
        """Say what is other than expected."""
        if calm.page_within is None:
            return [f"paged by {self.by}"] if self.pages else []
        late = self.page_after is None or self.page_after > calm.page_within
        wrong = [f"page after {self.page_after} s, at most {calm.page_within} s allowed"] if late else []
        return wrong + ([f"{self.pages} pages, expected 1"] if self.pages != 1 else [])


CALM = (
    Calm(
        "slow burn of 6.5 times for 8 h, after a healthy day",
        "application_errors",
        "1m",
        ((1440, 20_000, 0), (480, 20_000, 130), (120, 20_000, 0)),
        6 * 3_600,
    ),
    Calm(
        "one error of one request at 3 a.m. (windows of hours)",
        "application_errors",
        "1m",
        ((60, 0, 0), (1, 1, 1), (420, 0, 0)),
        None,
    ),
    Calm(
        "one error of one request at 3 a.m. (seconds)",
        "application_errors",
        "1s",
        ((600, 0, 0), (1, 1, 1), (300, 0, 0)),
        None,
        "now",
    ),
    Calm(
        "one error among 0.5 requests a second",
        "application_errors",
        "1m",
        ((360, 30, 0), (1, 30, 1), (420, 30, 0)),
        None,
    ),
    Calm(
        "90 % errors at 0.5 requests a second for 20 min",
        "application_errors",
        "1m",
        ((360, 30, 0), (20, 30, 27), (60, 30, 0)),
        300,
    ),
)


def play_calm(calm: Calm) -> CalmOutcome:
    """Let promtool play an incident.

    Raises:
        RuntimeError: promtool complained of something else.
    """
    (slo,) = (own for own in load_slos().slos if own.name == calm.slo)
    step = seconds(calm.pace)
    healthy, rest = calm.pieces[0][0], calm.pieces[1:]
    end = healthy + sum(steps for steps, _, _ in rest)
    moments = [number * step for number in range(healthy, end + 1)]
    firing = sorted(_firing(calm, slo, moments))
    pages = sorted({at for at, own in firing if own["severity"] == "page"})
    tickets = {own["tier"] for _, own in firing if own["severity"] == "ticket"}
    last_bad = max(number for number, is_bad in enumerate(_steps(calm.pieces)) if is_bad) * step
    begins = [at for at in pages if at - step not in pages]
    first = next((own["tier"] for at, own in firing if own["severity"] == "page"), "")
    return CalmOutcome(
        page_after=pages[0] - healthy * step if pages else None,
        by=first,
        pages=len(begins),
        tickets=tuple(sorted(tickets)),
        resolved_after=pages[-1] + step - last_bad if pages else None,
    )


def _steps(pieces: tuple[Piece, ...]) -> Iterator[bool]:
    for steps, _, bad in pieces:
        yield from [bad > 0] * steps


def _firing(calm: Calm, slo: Slo, moments: list[int]) -> Iterator[tuple[int, "_Labels"]]:
    rules = f"slo_{slo.name}_{calm.rules}.rules.yml"
    expected_nothing = [
        {"expr": 'ALERTS{alertstate="firing"}', "eval_time": f"{at}s", "exp_samples": []} for at in moments
    ]
    test = {
        "interval": calm.pace,
        "input_series": [{"series": k, "values": v} for k, v in series(slo.indicator, list(calm.pieces)).items()],
        "promql_expr_test": expected_nothing,
    }
    pace = "1s" if calm.rules == "now" else calm.pace
    document = {"rule_files": [str(GENERATED / rules)], "evaluation_interval": pace, "tests": [test]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calm.test.yml"
        path.write_text(yaml_text(document))
        done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    found = _GOT.findall(done.stdout + done.stderr)
    if done.returncode and not found:
        raise RuntimeError(done.stdout + done.stderr)
    for at, got in found:
        for sample in got.split("}"):
            labels = dict(_LABEL.findall(sample))
            if "tier" in labels:
                yield _seconds(at), _Labels(labels)


class _Labels(dict[str, str]):
    """Labels that can be put in order."""

    def __lt__(self, other: "_Labels") -> bool:
        return sorted(self.items()) < sorted(other.items())


def _seconds(text: str) -> int:
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
    return round(sum(float(number) * units[unit] for number, unit in _PART.findall(text)))
