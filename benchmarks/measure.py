"""Runs one candidate as a process of its own and measures it from outside: time, processor time, memory."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import orjson
import psutil

from local import tether

LOOK_SECONDS = 0.02
FIRST_MARK = "reading"
"""What every candidate logs when it is about to read its first record."""


class CandidateError(RuntimeError):
    """A candidate ended with an error, or took too long; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run took.

    Attributes:
        records: how many were read.
        seconds: from the start of reading to the last row stored, by the candidate's own log.
        cpu_seconds: user and system time of the candidate's process for it.
        store_cpu_seconds: the same of the ClickHouse endpoint.
        peak_bytes: largest resident memory of the candidate, looked at every 20 ms.
        last_mark: what the candidate logged at its end.
        wrong: what is wrong with its figures; None when they are right.
    """

    records: int
    seconds: float
    cpu_seconds: float
    store_cpu_seconds: float
    peak_bytes: int
    last_mark: Mapping[str, Any] = field(default_factory=dict)
    wrong: str | None = None

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.records / self.seconds

    @property
    def cpu_us(self) -> float:
        """Processor time of the candidate an event, in µs."""
        return self.cpu_seconds / self.records * 1e6

    @property
    def store_cpu_us(self) -> float:
        """Processor time of ClickHouse an event, in µs."""
        return self.store_cpu_seconds / self.records * 1e6


class Process:
    """A child with a log of JSON lines. As a context manager it is gone at the end, whatever happened."""

    def __init__(self, module: str, arguments: tuple[str, ...], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        command = [sys.executable, "-m", module, *arguments]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                # Ctrl-C in a terminal is for the benchmark, which then ends its children.
                start_new_session=True,
            )
        self._inside = psutil.Process(self._process.pid)
        self._usage: resource.struct_rusage | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.ended():
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def ended(self) -> bool:
        """Tell whether it ended. Raises CandidateError if it ended with an error."""
        if self._process.returncode is not None:
            return True
        pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
        if not pid:
            return False
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._usage = usage
        if self._process.returncode:
            raise CandidateError(f"ended with exit code {self._process.returncode}\n{self.tail()}")
        return True

    def stop(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def cpu_seconds(self) -> float:
        """User and system time so far, or in all once it ended."""
        if self._usage is not None:
            return float(self._usage.ru_utime + self._usage.ru_stime)
        times = self._inside.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Resident memory now, bytes; 0 once it ended."""
        try:
            return int(self._inside.memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def mark(self, name: str) -> Mapping[str, Any] | None:
        """Find the line that it logged under this name, if it has."""
        for line in self._log.read_bytes().splitlines():
            if name.encode() in line:
                with suppress(orjson.JSONDecodeError):
                    found: dict[str, Any] = orjson.loads(line)
                    if found.get("event") == name:
                        return found
        return None

    def wait_for_mark(self, name: str, seconds: float = 60.0) -> Mapping[str, Any]:
        """Wait until it logs this. Raises CandidateError if it ends before, or takes longer."""
        deadline = time.monotonic() + seconds
        while (found := self.mark(name)) is None:
            if self.ended() or time.monotonic() > deadline:
                raise CandidateError(f"did not log {name!r}\n{self.tail()}")
            time.sleep(LOOK_SECONDS)
        return found

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])


def measured(
    process: Process,
    records: int,
    store: psutil.Process,
    *,
    last_mark: str = "stored",
    may_stop: Callable[[], bool] | None = None,
    patience: float = 900.0,
) -> Measurement:
    """Measure a candidate until it ends.

    Args:
        process: just started.
        records: how many it is to read.
        store: the ClickHouse endpoint, whose processor time is counted too.
        last_mark: what it logs when its last row is stored.
        may_stop: for a candidate that does not end by itself: tells that it has read everything.
        patience: seconds after which it is given up.

    Raises:
        CandidateError: it failed, or took longer than `patience`.
    """
    first = process.wait_for_mark(FIRST_MARK)
    cpu, store_cpu, peak = process.cpu_seconds(), _cpu(store), 0
    deadline = time.monotonic() + patience
    while not process.ended():
        peak = max(peak, process.memory())
        if may_stop is not None and may_stop():
            process.stop()
            may_stop = None
        if time.monotonic() > deadline:
            raise CandidateError(f"not done after {patience:g} s\n{process.tail()}")
        time.sleep(LOOK_SECONDS)
    last = process.wait_for_mark(last_mark)
    return Measurement(
        records=records,
        seconds=(_moment(last) - _moment(first)).total_seconds(),
        cpu_seconds=process.cpu_seconds() - cpu,
        store_cpu_seconds=_cpu(store) - store_cpu,
        peak_bytes=peak,
        last_mark=last,
    )


def _moment(mark: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(mark["timestamp"])


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
