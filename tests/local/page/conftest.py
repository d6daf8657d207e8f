"""The page on the simulated world, as a process of its own like on a person's machine."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.ports import free_port
from tests.dashboards.world import World

REPOSITORY = Path(__file__).parents[3]
DEADLINE_SECONDS = 60.0


@contextmanager
def running_page(url: str, database: str, *options: str) -> Iterator[str]:
    """Serve the page for a ClickHouse; gives its address."""
    port = free_port()
    environment = {
        **os.environ,
        "TIDEGAUGE_CLICKHOUSE_URL": url,
        "TIDEGAUGE_DATABASE": database,
        "TIDEGAUGE_PAGE_PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "-m", "cli", "page", *options], cwd=REPOSITORY, env=environment)
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=2).close()  # noqa: S310 - our own address
            return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, "the page ended"
            assert time.monotonic() < deadline, "the page does not answer"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def page(world: World) -> Iterator[str]:
    """Address of the page on the simulated world."""
    with running_page(world.url, world.database) as address:
        yield address
