"""What happens without anybody doing it: probes, resource samples, findings of security scanners."""

from datetime import UTC, datetime, timedelta
from typing import Final

from local.simulator import world
from local.simulator.application import Application
from local.simulator.wire import Sender, context

STEP_S: Final = world.PROBE_EVERY_S  # the other intervals are multiples of it

_TARGETS: Final = ("application", "database")
_HOSTS: Final = ("app-1", "app-2", "db-1")
_SCANNERS: Final = ("dependency-scan", "image-scan", "code-scan")
_SEVERITIES: Final = ("low", "low", "low", "medium", "medium", "high", "critical")


EVENTS_PER_SECOND: Final = (
    len(_TARGETS) / world.PROBE_EVERY_S + len(_HOSTS) / world.RESOURCES_EVERY_S + 1 / world.FINDING_EVERY_S
)
"""What all machines emit together."""


class Machines:
    """Emits what is due at the marks that lie `STEP_S` seconds apart."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._open_findings: list[tuple[str, str, str, str]] = []
        common = {"source": "server", "release": world.RELEASES[0], "environment": "production"}
        self._prober = Sender(b"", context(service="prober", **common))
        self._agent = Sender(b"", context(service="host-agent", **common))
        self._scanner = Sender(b"", context(service="scanner", **common))

    def first_round(self) -> None:
        """Emit one of everything, so that a short simulation has it all."""
        self._probe()
        self._sample()
        self._scan()

    def tick(self, mark: int) -> None:
        """Emit what is due at `mark` (epoch seconds, a multiple of `STEP_S`)."""
        self._probe()
        if mark % world.RESOURCES_EVERY_S == 0:
            self._sample()
        if mark % world.FINDING_EVERY_S == 0:
            self._scan()

    def _probe(self) -> None:
        up = self._app.health.up
        for target in _TARGETS:
            found: dict[str, object] = {
                "target": target,
                "up": up,
                "duration_ms": self._app.took_ms("probe.checked"),
                "outcome": "ok" if up else "error",
            }
            self._app.wire.emit("probe.checked", self._prober, found)

    def _sample(self) -> None:
        busy = 0.9 if self._app.health.slowness > 1.0 else 0.35
        for host in _HOSTS:
            sample: dict[str, object] = {
                "host": host,
                "cpu_ratio": round(min(max(busy + 0.08 * self._app.rolls.normal(), 0.01), 1.0), 4),
                "memory_bytes": int(6e9 + 4e8 * self._app.rolls.share()),
                "connections": self._app.rolls.between(20, 140),
            }
            self._app.wire.emit("resource.sampled", self._agent, sample)

    def _scan(self) -> None:
        rolls = self._app.rolls
        if len(self._open_findings) > 5:
            finding, status = self._open_findings.pop(0), "fixed"
        else:
            severity = _SEVERITIES[rolls.below(len(_SEVERITIES))]
            scanner = _SCANNERS[rolls.below(len(_SCANNERS))]
            now = datetime.fromtimestamp(int(self._app.wire.now), UTC)
            found_at = (now - timedelta(days=rolls.below(30))).isoformat()
            finding, status = (self._app.new_id("finding"), severity, scanner, found_at), "open"
            self._open_findings.append(finding)
        finding_id, severity, scanner, found_at = finding
        report: dict[str, object] = {
            "finding_id": finding_id,
            "severity": severity,
            "scanner": scanner,
            "status": status,
            "found_at": found_at,
        }
        self._app.wire.emit("security.finding", self._scanner, report)
