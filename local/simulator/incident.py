"""An incident that can be switched on: the application turns slow, fails, or is away for a while."""

from dataclasses import dataclass
from typing import Final, Literal

IncidentKind = Literal["latency", "errors", "outage"]

_LATENCY_FACTOR: Final = 8.0
_ERROR_SHARE: Final = 0.30
_OUTAGE_SHARE: Final = 0.95
_OUTAGE_FACTOR: Final = 3.0


@dataclass(frozen=True, slots=True)
class Incident:
    """What happens, how many seconds after the start of the simulation, and for how many seconds.

    It may come back: `times` times in all, with `pause_s` seconds of health between them.
    """

    kind: IncidentKind
    at_s: float
    for_s: float
    times: int = 1
    pause_s: float = 0.0

    def is_on(self, elapsed_s: float) -> bool:
        """Tell whether it is going on `elapsed_s` seconds after the start."""
        number, within = divmod(elapsed_s - self.at_s, self.for_s + self.pause_s)
        return 0 <= number < self.times and within < self.for_s


@dataclass(slots=True)
class Health:
    """How the application fares: durations are `slowness` times as long, at least `failing` of all fails."""

    slowness: float = 1.0
    failing: float = 0.0
    up: bool = True


def health(incident: Incident | None, elapsed_s: float) -> Health:
    """Return how the application fares `elapsed_s` seconds after the start."""
    if incident is None or not incident.is_on(elapsed_s):
        return Health()
    if incident.kind == "latency":
        return Health(slowness=_LATENCY_FACTOR)
    if incident.kind == "errors":
        return Health(failing=_ERROR_SHARE)
    return Health(slowness=_OUTAGE_FACTOR, failing=_OUTAGE_SHARE, up=False)
