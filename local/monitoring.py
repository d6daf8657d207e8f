"""Prometheus, Alertmanager and the exporter of business figures as parts of the local stack, where their binaries are there."""

import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alerts.build import Places, write
from alerts.tools import HOW_TO_GET
from local.ports import check_free
from local.processes import Supervisor

HOST = "127.0.0.1"
PROMETHEUS = ("prometheus",)
ALERTMANAGER = ("prometheus-alertmanager", "alertmanager")
"""Names of the binaries: Debian's first."""
RETENTION = "35d"
"""Longer than the period of the objectives."""


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What watches the stack, and where.

    Attributes:
        folder: for rules, configurations and data.
        pipeline: page of the pipeline, host:port.
        exporter_port: of the page of business figures.
        prometheus_port: of Prometheus.
        alertmanager_port: of Alertmanager.
        pager: URL that pages and tickets are posted to; empty for nowhere, they are seen in Alertmanager.
        environment: for the exporter, besides this process's own.
    """

    folder: Path
    pipeline: str
    exporter_port: int
    prometheus_port: int
    alertmanager_port: int
    pager: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> Places:
        """The addresses that go into rules and configurations."""
        return Places(
            runbooks=str(Path("docs/runbooks")),
            pipeline=(self.pipeline,),
            exporter=f"{HOST}:{self.exporter_port}",
            prometheus=f"{HOST}:{self.prometheus_port}",
            alertmanager=f"{HOST}:{self.alertmanager_port}",
            pager=self.pager,
            tickets=self.pager,
        )


def missing() -> str | None:
    """Say what is not there and how to get it; None where all is."""
    lacking = [names[0] for names in (PROMETHEUS, ALERTMANAGER) if _binary(names) is None]
    if not lacking:
        return None
    return f"{' and '.join(lacking)} not found, so nobody is alerted; on Debian: {HOW_TO_GET}"


def check_ports(config: Monitoring) -> None:
    """See that the ports are free.

    Raises:
        PortTakenError: with the way out.
    """
    for port, what in (
        (config.exporter_port, "exporter"),
        (config.prometheus_port, "prometheus"),
        (config.alertmanager_port, "alertmanager"),
    ):
        check_free(HOST, port, what, f"TIDEGAUGE_{what.upper()}_PORT={port + 10}")


def start_monitoring(children: Supervisor, config: Monitoring) -> None:
    """Start the exporter, Alertmanager and Prometheus, in this order.

    Raises:
        ChildFailedError: with the end of the child's log.
        FileNotFoundError: a binary is not there; ask `missing` first.
    """
    write(config.folder / "rules", config.places)
    _start_exporter(children, config)
    _start_alertmanager(children, config)
    _start_prometheus(children, config)


def _start_exporter(children: Supervisor, config: Monitoring) -> None:
    address = f"http://{HOST}:{config.exporter_port}/metrics"
    environment = {**config.environment, "TIDEGAUGE_EXPORTER_PORT": str(config.exporter_port)}
    command = [sys.executable, "-m", "cli", "exporter"]
    children.start("exporter", command, probe=lambda: _answers(address), ready_within=60.0, environment=environment)


def _start_alertmanager(children: Supervisor, config: Monitoring) -> None:
    address = f"{HOST}:{config.alertmanager_port}"
    command = [
        _found(ALERTMANAGER),
        f"--config.file={config.folder / 'rules' / 'alertmanager.yml'}",
        f"--storage.path={config.folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",  # one of them has nobody to gossip with
    ]
    children.start("alertmanager", command, probe=lambda: _answers(f"http://{address}/-/ready"))


def _start_prometheus(children: Supervisor, config: Monitoring) -> None:
    address = f"{HOST}:{config.prometheus_port}"
    command = [
        _found(PROMETHEUS),
        f"--config.file={config.folder / 'rules' / 'prometheus.yml'}",
        f"--storage.tsdb.path={config.folder / 'prometheus'}",
        f"--storage.tsdb.retention.time={RETENTION}",
        f"--web.listen-address={address}",
    ]
    children.start("prometheus", command, probe=lambda: _answers(f"http://{address}/-/ready"))


def _binary(names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


def _found(names: tuple[str, ...]) -> str:
    found = _binary(names)
    if found is None:
        raise FileNotFoundError(f"{names[0]} is not there; on Debian: {HOW_TO_GET}")
    return found


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
