"""The child processes of the local stack: started with a log, watched, restarted, and stopped in order.

Children run in sessions of their own, so that Ctrl-C in a terminal reaches only the parent, which then stops
them in the reverse order of their start; and they are tied to it, so that none survives its sudden death.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol, Self

from local.forked import Forked

Work = Sequence[str] | Callable[[], None]
"""What a child does: a command, or a function of this program, which a fork of it runs (see `local.forked`)."""
_TETHER: Final = Path(__file__).with_name("tether.py")
_PROBE_PAUSE_SECONDS: Final = 0.02
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 4.0  # a start costs little, and whoever mended the cause should not have to wait
_STEADY_SECONDS: Final = 3.0  # who ran this long is in no loop of crashes, and starts again at once
_LOG_BYTES: Final = 10_000_000  # a longer log is set aside at the next start
_TAIL_LINES: Final = 15


class ChildFailedError(RuntimeError):
    """A child ended or did not become ready; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A child to run; `Supervisor.start` explains the fields."""

    name: str
    work: Work
    probe: Callable[[], bool]
    ready_within: float
    environment: Mapping[str, str]
    directory: Path | None


@dataclass(frozen=True, slots=True)
class ChildEvent:
    """Something that `Supervisor.watch` saw or did; `text` is a sentence for a person."""

    name: str
    text: str


class _Process(Protocol):
    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class Child:
    """One running process with a log file."""

    def __init__(self, spec: ChildSpec, log: Path) -> None:
        self.spec = spec
        self.log = log
        self._asked = False
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            self._process = _begun(spec, output)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def exit_status(self) -> int | None:
        """Return None while it runs, then its exit code, or minus the number of the signal that ended it."""
        return self._process.poll()

    def wait_until_ready(self) -> None:
        """Return when the probe succeeds. Raises ChildFailedError if it ends before, or takes too long."""
        deadline = time.monotonic() + self.spec.ready_within
        while not self.spec.probe():
            status = self.exit_status()
            if status is not None:
                raise ChildFailedError(
                    f"{self.spec.name} ended with {_status(status)} before it was ready\n{self.tail()}"
                )
            if time.monotonic() > deadline:
                self.stop(0)
                seconds = f"{self.spec.ready_within:g} s"
                raise ChildFailedError(
                    f"{self.spec.name} was not ready within {seconds} and was stopped\n{self.tail()}"
                )
            time.sleep(_PROBE_PAUSE_SECONDS)

    def ask_to_end(self) -> None:
        """Ask it to end, once, and do not wait."""
        # A second request could meet one that has taken its handler down already, at the end of an exact stop.
        if not self._asked and self.exit_status() is None:
            self._signal(signal.SIGTERM)
        self._asked = True

    def stop(self, grace_seconds: float) -> None:
        """Ask it to end, wait, and kill it with all it started if it has not ended after `grace_seconds`."""
        self.ask_to_end()
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def tail(self) -> str:
        """Return the last lines of the log, with its path."""
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"--- the end of {self.log}", *lines])

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:  # it ended in this very moment, or is a fork of this moment with no group yet
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _begun(spec: ChildSpec, output: IO[bytes]) -> _Process:
    if callable(spec.work):
        return Forked(spec.name, spec.work, output)
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *spec.work],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **spec.environment},
        cwd=spec.directory,
        start_new_session=True,
    )


@dataclass(slots=True)
class _Watched:
    """A child under supervision; `restart_at` is set while it is down."""

    child: Child
    started_at: float
    pause: float = 0.0
    restart_at: float | None = None


class Supervisor:
    """Children by name, each with a log `logs`/NAME.log. Use it from one thread, the one that stays.

    `grace_seconds` is what a child gets to end by itself. `clock` gives seconds and may be replaced in tests.
    As a context manager it stops all children at the end.
    """

    def __init__(self, logs: Path, *, grace_seconds: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._logs = logs
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._watched: dict[str, _Watched] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        work: Work,
        *,
        probe: Callable[[], bool] = lambda: True,
        ready_within: float = 30.0,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> Child:
        """Start a child and wait until `probe` says that it answers, at most `ready_within` seconds.

        `environment` is added to this process's own; it and `directory` are for commands alone. Raises
        ChildFailedError with the end of the log if the child does not get ready, ValueError if there is one of that
        name already.
        """
        if name in self._watched:
            raise ValueError(f"a child named {name} is running already")
        child = self._launch(ChildSpec(name, work, probe, ready_within, environment or {}, directory))
        self._watched[name] = _Watched(child, self._clock())
        try:
            child.wait_until_ready()
        except BaseException:
            self.stop_child(name)
            raise
        return child

    def child(self, name: str) -> Child:
        """Return the child of that name, in its latest life."""
        return self._watched[name].child

    def watch(self) -> list[ChildEvent]:
        """Look once after every child: note who ended, and restart whose pause is over. Never blocks.

        A child that ran for 3 s is restarted at once; else the pause before a restart grows from 0.5 s to 4 s.
        """
        events = []
        for name, watched in self._watched.items():
            if watched.restart_at is None:
                events += self._notice_end(name, watched)
            if watched.restart_at is not None and self._clock() >= watched.restart_at:
                watched.child = self._launch(watched.child.spec)
                watched.started_at, watched.restart_at = self._clock(), None
                events.append(ChildEvent(name, f"{name} was restarted as process {watched.child.pid}"))
        return events

    def stop_child(self, name: str) -> None:
        """Stop one child and forget it."""
        self._watched.pop(name).child.stop(self._grace_seconds)

    def stop(self, *, together: bool = False) -> None:
        """Stop all children, the latest first, each with the grace period to end by itself.

        Those of which none needs another may end `together`: that takes as long as the slowest, not as long as all of them.
        """
        for watched in self._watched.values() if together else ():
            watched.child.ask_to_end()
        for name in reversed(list(self._watched)):
            self.stop_child(name)

    def _launch(self, spec: ChildSpec) -> Child:
        return Child(spec, self._logs / f"{spec.name}.log")

    def _notice_end(self, name: str, watched: _Watched) -> list[ChildEvent]:
        status = watched.child.exit_status()
        if status is None:
            return []
        now = self._clock()
        steady = now - watched.started_at >= _STEADY_SECONDS
        watched.pause = 0.0 if steady else min(max(watched.pause * 2, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        watched.restart_at = now + watched.pause
        when = f"restart in {watched.pause:g} s" if watched.pause else "restart at once"
        return [ChildEvent(name, f"{name} ended with {_status(status)}; {when}\n{watched.child.tail()}")]


def _status(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit code {status}"
