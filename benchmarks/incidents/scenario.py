"""The incidents that are played live, and what is expected of each."""

from dataclasses import dataclass

from local.simulator.incident import Incident

WARM_SECONDS = 30.0
"""Healthy traffic before the incident, while everything is watched."""
LONG_WARM_SECONDS = 130.0
"""The same where a window of two minutes decides: half of it must not be half of what little there is."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """An incident.

    Attributes:
        name: for the table.
        incident: what goes wrong; None for a stream that stops.
        lasts: seconds from its beginning to its end.
        page_within: seconds from the first bad event to the page that are allowed.
        by: alerts of which the first page must name one.
        resolve_within: seconds from the end until the pager hears that the first page is over that are allowed.
        pages: how often somebody may be woken.
    """

    name: str
    incident: Incident | None
    lasts: float
    page_within: float
    by: frozenset[str]
    resolve_within: float
    pages: int = 1

    @property
    def begins(self) -> float:
        """Seconds of healthy traffic before it."""
        return WARM_SECONDS if self.incident is None else self.incident.at_s


def _alerts(*names: str) -> frozenset[str]:
    return frozenset(names)


SCENARIOS = (
    Scenario(
        "full outage for 45 s",
        Incident("outage", WARM_SECONDS, 45),
        45,
        10,
        _alerts("ApplicationErrors (now)", "DatabaseErrors (now)"),
        270,
    ),
    Scenario(
        "everything takes eight times as long, for 2 min",
        Incident("latency", LONG_WARM_SECONDS, 120),
        120,
        110,
        _alerts("LibrarySearchSlow (now)", "PageLoadSlow (now)", "FactorCalculationSlow (now)"),
        330,
    ),
    Scenario(
        "30 % of everything fails, for 5 min",
        Incident("errors", WARM_SECONDS, 300),
        300,
        270,
        # Of the few queries within 5 s most may fail where 30 % do on average: then it is seen at once.
        _alerts("ApplicationErrors (1h)", "DatabaseErrors (1h)", "ApplicationErrors (now)", "DatabaseErrors (now)"),
        480,
    ),
    Scenario("total silence for 90 s", None, 90, 45, _alerts("EventsSilent"), 90),
    Scenario(
        "flapping: all fails for 30 s, is well for 60 s, three times",
        Incident("outage", WARM_SECONDS, 30, times=3, pause_s=60),
        210,
        10,
        _alerts("ApplicationErrors (now)", "DatabaseErrors (now)"),
        480,
    ),
)
