"""Run a command that dies when the process that asked for it dies: `python -I -S tether.py PARENT COMMAND...`.

It stands between fork and the command because a thread-safe parent must not run Python code after a fork.
It uses nothing but the standard library and replaces itself by the command, so it costs some 15 ms once.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tie(parent: int) -> None:
    """Let this process die with its parent."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:  # Linux; elsewhere the parent's own clean-up has to do
        # Not SIGTERM: a pipeline told to end would wait for a database that is ending as well.
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the tie was made
        sys.exit(1)


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    tie(parent)
    os.execvp(command[0], command)  # noqa: S606 -- a fixed argument list, no shell


if __name__ == "__main__":
    main()
