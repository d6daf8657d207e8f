"""The question that containers ask, to a real page: alive, not ready, not there."""

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from local.ports import free_port
from sinks.health import HealthServer

REPOSITORY = Path(__file__).parents[2]


def asked(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "cli.health", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.service
def test_a_process_lives_while_it_waits_for_its_store() -> None:
    server = HealthServer("127.0.0.1", 0, CollectorRegistry(), lambda: "ClickHouse has been away for 9 s")
    server.start()
    try:
        alive, ready = asked(str(server.port)), asked(str(server.port), "/readyz")
    finally:
        server.close()
    assert (alive.returncode, alive.stdout.strip()) == (0, "alive")
    assert ready.returncode == 1
    gone = asked(str(server.port))
    assert (gone.returncode, gone.stdout) == (1, "")


@pytest.mark.service
def test_nothing_that_listens_is_not_alive() -> None:
    assert asked(str(free_port())).returncode == 1


def test_it_needs_nothing_but_the_standard_library() -> None:
    script = (
        "import sys, cli.health; print([m for m in sys.modules if m.split('.')[0] in ('pydantic', 'typer', 'rich')])"
    )
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip() == "[]"
