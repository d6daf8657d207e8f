"""Merges in the local ClickHouse yield to queries and inserts."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, sys
from pathlib import Path
from local.clickhouse_endpoint.engine import Engine
from local.clickhouse_endpoint.merges import merge_threads
engine = Engine(Path(sys.argv[1]), memory_bytes=1 << 30, threads=2)
print([os.getpriority(os.PRIO_PROCESS, thread) for thread in merge_threads()], os.getpriority(os.PRIO_PROCESS, 0))
engine.close()
"""


def test_the_threads_that_merge_have_a_lower_priority_than_the_rest(tmp_path: Path) -> None:
    """In a process of its own: an engine that another test has opened would have begun its threads before."""
    ran = subprocess.run([sys.executable, "-c", SCRIPT, tmp_path], check=True, capture_output=True, text=True)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert ran.stdout.split("]") == [f"[{own + 10}, {own + 10}", f" {own}\n"]
