"""Lets merges yield: on a small machine a merge of millions of rows would hold up what is asked and inserted for seconds.

A server has the setting `os_threads_nice_value_merge_mutate` for it, which the embedded engine shows and does not heed.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

NICE: Final = 10
"""About a tenth of a core is left to merges where everybody wants it: tables stay small in parts."""
_THREADS: Final = Path("/proc/self/task")
_NAME: Final = "MergeMutate"


def merge_threads() -> list[int]:
    """Give the ids of the threads of this process that merge; none where the system does not tell."""
    found = []
    for thread in _THREADS.glob("*"):
        with suppress(OSError):
            if (thread / "comm").read_text().startswith(_NAME):
                found.append(int(thread.name))
    return found


def let_merges_yield() -> None:
    """Lower the priority of the threads that merge."""
    for thread in merge_threads():
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, NICE)
