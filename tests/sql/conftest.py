"""One endpoint for all tests of this folder; each file has a database of its own, or shares that of the simulated world."""

from collections.abc import Iterator

import pytest

from sinks.clickhouse import ClickHouse
from tests.endpoint import feed, migrated, running_endpoint
from tests.sql.simulation import (
    FACTS,
    MACHINE_FAMILIES,
    MACHINE_PLAN,
    MACHINE_ROLLUPS,
    ROLLUPS,
    Simulated,
    accepted,
    simulate,
)


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of an endpoint of this test run's own."""
    with running_endpoint(tmp_path_factory.mktemp("clickhouse")) as url:
        yield url


@pytest.fixture(scope="module")
def store(clickhouse_url: str, request: pytest.FixtureRequest) -> Iterator[ClickHouse]:
    """A fresh database with all tables, functions and views."""
    with migrated(clickhouse_url, request.module.__name__.rpartition(".")[2]) as connection:
        yield connection


@pytest.fixture(scope="session")
def simulated(clickhouse_url: str) -> Iterator[Simulated]:
    """The simulated world in a database of its own; tests only read it, but for what people fill in."""
    truth, records = simulate()
    with migrated(clickhouse_url, "simulated") as connection:
        feed(connection, records, ROLLUPS, FACTS)
        yield Simulated(connection, truth, list(accepted(records)))


@pytest.fixture(scope="session")
def machines(clickhouse_url: str) -> Iterator[Simulated]:
    """The simulated world's machines over two days, in a database of their own; tests only read it."""
    truth, records = simulate(MACHINE_PLAN, MACHINE_FAMILIES)
    with migrated(clickhouse_url, "machines") as connection:
        feed(connection, records, MACHINE_ROLLUPS, ())
        yield Simulated(connection, truth, list(accepted(records)))
