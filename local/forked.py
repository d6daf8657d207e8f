"""A child that is a fork of this very program: everything is read already, so it is at work within milliseconds.

The program must have no thread that works at that moment; those of OpenBLAS and jemalloc are made for forks. It is for a
supervisor, which does nothing but wait.
"""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import IO, Final

from local.tether import tie

_PR_SET_NAME: Final = 15  # linux/prctl.h
_REQUESTS: Final = (signal.SIGINT, signal.SIGTERM)


class Forked:
    """A fork that runs a function and ends with it; has what is used here of `subprocess.Popen`."""

    def __init__(self, name: str, work: Callable[[], None], output: IO[bytes]) -> None:
        """Begin; what it writes goes to `output`. `name` (15 bytes are shown) is what `top` calls it.

        It ends with the exit code of a SystemExit, with 1 and a traceback after another exception, else with 0.
        """
        context = multiprocessing.get_context("fork")
        self._process = context.Process(
            target=_run, name=name, args=(name, work, output.fileno(), os.getpid()), daemon=True
        )
        # A request to end must not meet the handlers of the parent in the child, where they mean nothing.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _REQUESTS)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid or 0

    def poll(self) -> int | None:
        """Return None while it runs, then its exit code, or minus the number of the signal that ended it."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code when it has ended. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return status


def _run(name: str, work: Callable[[], None], output: int, parent: int) -> None:
    os.setsid()
    for number in _REQUESTS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _REQUESTS)
    tie(parent)
    _write_to(output)
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode())
    work()


def _write_to(output: int) -> None:
    os.dup2(output, 1)
    os.dup2(output, 2)
    # Line by line, whatever the parent's were: who reads the log wants to see the last word of one that died.
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115 - for as long as the process lives
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
