"""The ground that all candidates stand on: one broker and one ClickHouse endpoint, on free ports, in a folder that goes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.run import Run
from cli.migrate import bring_up_to_date
from local.broker import create_topics, start_broker
from local.ports import free_port
from local.processes import Supervisor
from sinks.clickhouse import ClickHouse, StoreAwayError

HOST = "127.0.0.1"
PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Ground:
    """The running services.

    Attributes:
        folder: for everything that is written.
        bootstrap: Kafka, host:port.
        clickhouse_url: ClickHouse's HTTP interface.
        clickhouse_pid: process of the ClickHouse endpoint, whose work is counted too.
    """

    folder: Path
    bootstrap: str
    clickhouse_url: str
    clickhouse_pid: int

    def run(self, name: str, topic: str, **extra: str) -> Run:
        """Prepare a run; `name` must be new."""
        folder = self.folder / name
        folder.mkdir()
        return Run(name, self.bootstrap, self.clickhouse_url, topic, folder, free_port(), extra)

    def store(self, database: str) -> ClickHouse:
        """Open a connection to a database."""
        return ClickHouse(self.clickhouse_url, "default", "", database)

    @contextmanager
    def database(self, run: Run, *, migrated: bool) -> Iterator[ClickHouse]:
        """Make the run's database, with Tidegauge's tables if they are wanted, and drop it at the end."""
        server = self.store("default")
        server.command(f"CREATE DATABASE {run.name}")
        store = self.store(run.name)
        try:
            if migrated:
                bring_up_to_date(run.settings)
            yield store
        finally:
            store.close()
            # Merges of this run must not be paid by the next one.
            server.command(f"DROP DATABASE {run.name} SYNC")
            server.close()


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Start the services and stop them at the end.

    Raises:
        ChildFailedError: one of them did not start; with the end of its log.
    """
    kafka_port, clickhouse_port = free_port(), free_port()
    url = f"http://{HOST}:{clickhouse_port}"
    command = [sys.executable, "-m", "local.clickhouse_endpoint"]
    command += ["--data", str(folder / "clickhouse"), "--port", str(clickhouse_port)]
    with Supervisor(folder / "logs") as children:
        start_broker(children, kafka_port)
        clickhouse = children.start("clickhouse", command, probe=lambda: _answers(url), ready_within=60.0)
        yield Ground(folder, f"{HOST}:{kafka_port}", url, clickhouse.pid)


def create_topic(bootstrap: str, name: str) -> None:
    """Create a topic of events, and that of the rejected ones."""
    create_topics(bootstrap, {name: PARTITIONS, "events.rejected": 1})


def _answers(url: str) -> bool:
    store = ClickHouse(url, "default", "", "default")
    try:
        store.command("SELECT 1")
    except StoreAwayError:
        return False
    store.close()
    return True
