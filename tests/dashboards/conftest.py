"""One simulated world for all tests of this folder; they only read it."""

from collections.abc import Iterator

import pytest

from tests.dashboards.world import World, running_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """28 simulated days in ClickHouse."""
    with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running
