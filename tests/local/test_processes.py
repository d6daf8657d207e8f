"""Children are awaited, watched, restarted with growing pauses, stopped in order, and never outlive the parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.processes import ChildFailedError, Supervisor
from tests.local.conftest import REPOSITORY

PYTHON = [sys.executable, "-u", "-c"]
SLEEPER = "import time; print('awake'); time.sleep(600)"


class Clock:
    """Time that passes when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def until(condition: Callable[[], object]) -> None:
    """Wait for what another process does, as long as the test may take."""
    while not condition():
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_child_is_ready_when_its_probe_says_so(tmp_path: Path) -> None:
    sign = tmp_path / "ready"
    with Supervisor(tmp_path / "logs") as supervisor:
        code = f"import pathlib, time; pathlib.Path({str(sign)!r}).touch(); time.sleep(600)"
        child = supervisor.start("worker", [*PYTHON, code], probe=sign.exists)
        assert sign.exists()
        assert alive(child.pid)
        with pytest.raises(ValueError, match="worker is running already"):
            supervisor.start("worker", [*PYTHON, code])
    assert child.exit_status() == -signal.SIGTERM


def test_a_child_that_ends_before_it_is_ready_shows_its_log(tmp_path: Path) -> None:
    code = "import sys; print('the reason'); sys.exit(3)"
    with Supervisor(tmp_path / "logs") as supervisor, pytest.raises(ChildFailedError) as caught:
        supervisor.start("worker", [*PYTHON, code], probe=lambda: False)
    text = str(caught.value)
    assert text.startswith("worker ended with exit code 3 before it was ready")
    assert text.endswith("the reason")
    assert str(tmp_path / "logs" / "worker.log") in text


def test_a_child_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as supervisor:
        with pytest.raises(ChildFailedError, match=r"worker was not ready within 0\.3 s"):
            supervisor.start("worker", [*PYTHON, SLEEPER], probe=lambda: False, ready_within=0.3)
        with pytest.raises(KeyError):
            supervisor.child("worker")


def test_a_crashed_child_is_restarted_after_growing_pauses(tmp_path: Path) -> None:
    clock = Clock()
    with Supervisor(tmp_path / "logs", clock=clock) as supervisor:
        supervisor.start("worker", [*PYTHON, SLEEPER])
        assert supervisor.watch() == []
        pauses = []
        for _ in range(6):
            os.kill(supervisor.child("worker").pid, signal.SIGKILL)
            until(lambda: supervisor.child("worker").exit_status() is not None)
            (ended,) = supervisor.watch()
            assert ended.text.startswith("worker ended with signal SIGKILL; restart in ")
            assert supervisor.watch() == []
            before = clock.now
            while not (restarted := supervisor.watch()):
                clock.now += 0.5
            assert restarted[0].text == f"worker was restarted as process {supervisor.child('worker').pid}"
            pauses.append(clock.now - before)
        assert pauses == [0.5, 1, 2, 4, 4, 4]


def test_a_child_that_ran_steadily_is_restarted_at_once(tmp_path: Path) -> None:
    clock = Clock()
    with Supervisor(tmp_path / "logs", clock=clock) as supervisor:
        supervisor.start("worker", [*PYTHON, SLEEPER])
        for ran_for, told in ((3.1, "at once"), (0, "in 0.5 s"), (0, "in 1 s"), (3.1, "at once"), (0, "in 0.5 s")):
            clock.now += ran_for
            os.kill(supervisor.child("worker").pid, signal.SIGKILL)
            until(lambda: supervisor.child("worker").exit_status() is not None)
            events = supervisor.watch()
            assert f"restart {told}\n" in events[0].text
            clock.now += 1
            assert len(events + supervisor.watch()) == 2


def test_children_are_stopped_in_the_reverse_order_of_their_start(tmp_path: Path) -> None:
    record = tmp_path / "record"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n    open(sys.argv[1], 'a').write(sys.argv[2]); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); open(sys.argv[3], 'w').close(); time.sleep(600)"
    )
    with Supervisor(tmp_path / "logs") as supervisor:
        for name in "abc":
            ready = tmp_path / name
            supervisor.start(name, [*PYTHON, code, str(record), name, str(ready)], probe=ready.exists)
    assert record.read_text() == "cba"


def test_children_that_do_not_need_each_other_may_end_together(tmp_path: Path) -> None:
    """Each waits for the others to be asked as well; one after the other they would be killed."""
    record = tmp_path / "record"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    open(sys.argv[1], 'a').write('asked ')\n"
        "    while len(open(sys.argv[1]).read().split()) < 3: time.sleep(0.01)\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); open(sys.argv[2], 'w').close(); time.sleep(600)"
    )
    with Supervisor(tmp_path / "logs", grace_seconds=30) as supervisor:
        children = []
        for name in "abc":
            ready = tmp_path / name
            children.append(supervisor.start(name, [*PYTHON, code, str(record), str(ready)], probe=ready.exists))
        supervisor.stop(together=True)
    assert [child.exit_status() for child in children] == [0, 0, 0]
    assert record.read_text() == "asked asked asked "


def test_a_child_that_ignores_the_request_is_killed_with_what_it_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import signal, subprocess, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(note)!r}, 'w').write(f'{{inner.pid}} '); time.sleep(600)"
    )
    with Supervisor(tmp_path / "logs", grace_seconds=0.2) as supervisor:
        ready = lambda: note.exists() and note.read_text().endswith(" ")  # noqa: E731
        child = supervisor.start("worker", [*PYTHON, code], probe=ready)
    assert child.exit_status() == -signal.SIGKILL
    until(lambda: not alive(int(note.read_text())))


def test_the_log_is_appended_to_and_set_aside_when_large(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "worker.log"
    log.parent.mkdir()
    log.write_text("earlier\n")
    for _ in range(2):
        with Supervisor(tmp_path / "logs") as supervisor:
            supervisor.start("worker", [*PYTHON, SLEEPER], probe=lambda: log.read_text().endswith("awake\n"))
            assert log.read_text().startswith("earlier\nawake\n")
    log.write_bytes(bytes(10_000_001))
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.start("worker", [*PYTHON, SLEEPER], probe=lambda: log.read_text() == "awake\n")
    assert log.with_suffix(".log.1").stat().st_size == 10_000_001


PARENT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell starts with it ignored
import pathlib, sys, time
from local.processes import Supervisor
supervisor = Supervisor(pathlib.Path(sys.argv[1]))
child = supervisor.start("worker", [sys.executable, "-c", "import time; time.sleep(600)"])
try:
    print(child.pid, flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print(child.exit_status(), flush=True)
    supervisor.stop()
    print(child.exit_status(), flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such tie")
def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*PYTHON, PARENT, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    until(lambda: not alive(pid))


def test_an_interrupt_of_the_terminal_reaches_only_the_parent(tmp_path: Path) -> None:
    command = [*PYTHON, PARENT, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        os.killpg(parent.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
        assert parent.stdout.read().split() == ["None", str(-signal.SIGTERM)]
