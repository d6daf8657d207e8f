"""28 simulated days that end with an incident, in a ClickHouse of the tests' own: what every dashboard must be able to show."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dashboards.macros import Choices, Span
from local.producer import Record
from local.simulator.impurities import Impurities
from local.simulator.incident import Incident
from local.simulator.simulator import Plan, Simulator
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed, migrated, running_endpoint

DAYS = 28
INCIDENT_MINUTES = 15
MACHINES = (b"probe.", b"resource.")
"""What machines say every few seconds; only the last day of it is taken, the rest would be three quarters of all records."""
CHOICES: Choices = {
    "experiment": ["search_ranking"],
    "goal": ["find_item"],
    "journey": ["first_estimate"],
    "feature": ["library"],
}


@dataclass(frozen=True, slots=True)
class World:
    """The world: where it is stored, its last moment, and how to reach it."""

    store: ClickHouse
    end: datetime
    url: str
    database: str
    folder: Path

    def cpu_seconds(self) -> float:
        """Give how long ClickHouse has worked so far, on all processors: unlike a clock it does not count who else was busy."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().split(b"\0")
                if b"local.clickhouse_endpoint" in command and str(self.folder).encode() in command:
                    fields = (process / "stat").read_text().rpartition(")")[2].split()
                    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            except OSError:  # it ended meanwhile
                continue
        raise AssertionError("the endpoint does not run")

    def span(self, length: timedelta) -> Span:
        """Give the time range that ends with the world."""
        return Span(self.end - length, self.end)


def latest_busy_moment() -> datetime:
    """Give the last Tuesday, ten o'clock UTC, that is over: an incident at night would hardly be seen by anybody."""
    now = datetime.now(UTC)
    day = (now - timedelta(days=(now.weekday() - 1) % 7)).replace(hour=10, minute=0, second=0, microsecond=0)
    return day if day < now else day - timedelta(days=7)


def said_by_people(record: Record) -> bool:
    """Tell whether a record is none of those that machines say all the time."""
    name = (record[1] or b"").partition(b'"event":"')[2].partition(b'"')[0]
    return not name.startswith(MACHINES)


def records(end: datetime, users: int) -> Iterator[Record]:
    """Simulate the world that ends then, with an incident of failures in its last minutes."""
    begin = end - timedelta(days=DAYS)
    seconds = DAYS * 86_400
    incident = Incident("errors", seconds - INCIDENT_MINUTES * 60, INCIDENT_MINUTES * 60)
    impurities = Impurities(duplicates=0.01, late=0.01, malformed=0.005)
    plan = Plan(begin.timestamp(), seed=17, users=users, days=DAYS, incident=incident, impurities=impurities)
    last_day_ms = (end - timedelta(days=1)).timestamp() * 1000
    for batch in Simulator(plan).events():
        for record in batch:
            if (record[2] or 0) >= last_day_ms or said_by_people(record):
                yield record


@contextmanager
def running_world(folder: Path, users: int = 250) -> Iterator[World]:
    """Make the world, with what people fill in: an hourly rate and costs."""
    end = latest_busy_moment()
    month = f"{end - timedelta(days=DAYS):%Y-%m-01}"
    with running_endpoint(folder) as url, migrated(url, "world") as store:
        feed(store, records(end, users))
        store.command(f"INSERT INTO hourly_rates (valid_from, amount, currency) VALUES ('{month}', 50, 'EUR')")
        store.command(
            "INSERT INTO costs (month, kind, amount, currency) VALUES "
            f"('{month}', 'one_time', 2000, 'EUR'), ('{month}', 'monthly', 500, 'EUR')"
        )
        yield World(store, end, url, "world", folder)
