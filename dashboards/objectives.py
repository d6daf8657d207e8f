"""What figures are held against: the promises of alerts/slos.yaml and the owners' targets, each by a name that panels use.

The only file here that knows how slos.yaml is written; a change of its format is a change of `_promise` alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from alerts.yaml_text import read_yaml

ROOT = Path(__file__).resolve().parent.parent
SLOS = ROOT / "alerts" / "slos.yaml"
TARGETS = Path(__file__).with_name("targets.yaml")

Good = Literal["above", "below"]


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure to be held: good is a value on the `good` side of `value` (in the unit of the panel), or on it."""

    name: str
    says: str
    value: float
    good: Good

    def is_met(self, value: float) -> bool:
        """Tell whether a value holds it."""
        return value >= self.value if self.good == "above" else value <= self.value


@dataclass(frozen=True, slots=True)
class Promise:
    """An objective for the share of good events, as far as the stored figures can tell.

    Attributes:
        name: the label `slo` of its series.
        alert: name of its alerts.
        says: the promise in a sentence.
        objective: share that must be good.
        indicator: which events count and which are bad, as slos.yaml says it.
        dashboard: the dashboard that shows it.
    """

    name: str
    alert: str
    says: str
    objective: float
    indicator: Mapping[str, Any]
    dashboard: str

    @property
    def allowed(self) -> float:
        """Share of events that may be bad."""
        return round(1 - self.objective, 10)

    def bounds(self) -> Iterator[Bound]:
        """Give what a panel can name: NAME.allowed, NAME.objective, and NAME.slower_than in ms where it is about latency."""
        yield Bound(f"{self.name}.allowed", self.says, self.allowed, "below")
        yield Bound(f"{self.name}.objective", self.says, self.objective, "above")
        if "slower_than" in self.indicator:
            yield Bound(f"{self.name}.slower_than", self.says, float(self.indicator["slower_than"]) * 1000, "below")


@cache
def promises() -> tuple[Promise, ...]:
    """Read the promises, in the order of the file."""
    return tuple(_promise(entry) for entry in read_yaml(SLOS)["slos"])


@cache
def page_burn() -> float:
    """Say how many times faster than allowed an error budget must burn at least before somebody is paged."""
    told = read_yaml(SLOS)
    speeds = (
        float(tier["budget"]) * _seconds(told["period"]) / _seconds(tier["long"])
        for tier in told["burn"]
        if tier["severity"] == "page"
    )
    return round(min(speeds), 6)


@cache
def bounds() -> Mapping[str, Bound]:
    """Give everything that figures are held against, by name."""
    targets = {
        name: Bound(name, each["says"], float(each["value"]), each["good"]) for name, each in read_yaml(TARGETS).items()
    }
    return targets | {bound.name: bound for promise in promises() for bound in promise.bounds()}


def _promise(entry: Mapping[str, Any]) -> Promise:
    # The alerts' word for a dashboard may be longer than ours.
    dashboard = {"user-experience": "experience"}.get(entry["panel"], entry["panel"])
    return Promise(
        entry["name"], entry["alert"], entry["says"], float(entry["objective"]), entry["indicator"], dashboard
    )


def _seconds(length: str) -> int:
    return int(length[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[length[-1]]
