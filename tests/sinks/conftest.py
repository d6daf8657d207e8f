"""One endpoint for all tests of this folder, and a door in front of it that can be made to fail as servers do."""

from collections.abc import Iterator

import pytest

from sinks.clickhouse import ClickHouse
from tests.endpoint import migrated, running_endpoint
from tests.sinks.door import Door


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


@pytest.fixture
def door(clickhouse_url: str) -> Iterator[Door]:
    """A way to the endpoint that can be made to fail."""
    with Door(clickhouse_url) as opened:
        yield opened
