"""A fork runs a function of this program under the supervisor's care: its log, its name, its exit codes, its end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.signals import stopped_by_signals
from local.processes import Child, Supervisor
from tests.local.conftest import REPOSITORY
from tests.local.test_processes import PYTHON, alive, until


def ended(child: Child) -> int:
    until(lambda: child.exit_status() is not None)
    return child.exit_status() or 0


def speak() -> None:
    print("to standard output")
    print("to standard error", file=sys.stderr)
    os.write(1, b"past Python\n")


def sleep() -> None:
    time.sleep(600)


def fail() -> None:
    raise ValueError("the reason")


def test_what_it_writes_goes_to_its_log_and_nowhere_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start("worker", speak)
        assert ended(child) == 0
    assert sorted(child.log.read_text().splitlines()) == ["past Python", "to standard error", "to standard output"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("work", "status", "says"),
    [(fail, 1, "ValueError: the reason"), (lambda: sys.exit(3), 3, ""), (speak, 0, "Python")],
)
def test_it_ends_with_the_code_of_what_it_ran(tmp_path: Path, work: Callable[[], None], status: int, says: str) -> None:
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start("worker", work)
        assert ended(child) == status
        assert says in child.log.read_text()


def test_it_has_a_name_of_its_own_and_is_restarted(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        first = supervisor.start("shard-12", sleep).pid
        until(lambda: Path(f"/proc/{first}/comm").read_text() == "shard-12\n")
        os.kill(first, signal.SIGKILL)
        assert ended(supervisor.child("shard-12")) == -signal.SIGKILL
        until(supervisor.watch)
        until(lambda: supervisor.watch() or supervisor.child("shard-12").pid != first)
        assert alive(supervisor.child("shard-12").pid)


def test_a_request_to_end_meets_it_at_any_moment_and_not_the_handlers_of_its_parent(tmp_path: Path) -> None:
    with stopped_by_signals() as parent_stops:
        for number in range(20):
            with Supervisor(tmp_path, grace_seconds=30) as supervisor:
                child = supervisor.start(f"worker-{number}", sleep)
            assert child.exit_status() == -signal.SIGTERM
        assert not parent_stops.is_set()


def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time\nfrom local.processes import Supervisor\nfrom tests.local.test_forked import sleep\n"
        "print(Supervisor(pathlib.Path(sys.argv[1])).start('worker', sleep).pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([*PYTHON, code, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        until(lambda: Path(f"/proc/{pid}/comm").read_text() == "worker\n")  # from then on it is tied
        parent.kill()
    until(lambda: not alive(pid))
