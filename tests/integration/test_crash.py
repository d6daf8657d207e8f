"""The promise: after any crash the figures are those of a run that never crashed."""

import json
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.stack import KEY, RunningStack, running_stack

PARTS, EVENTS = 3, 20_000
"""The stream is sent in parts, and the pipeline is killed in the middle of each."""
LEDGER_OF_TALLY = {
    "received": "sent",
    "counted": "on_time",
    "duplicate": "duplicates",
    "rejected": "malformed",
    "late": "late",
}


@pytest.mark.service
def test_killed_again_and_again_it_gives_the_figures_of_an_undisturbed_run(tmp_path: Path) -> None:
    expected, calm, tally = _run(tmp_path / "calm", lambda stack, received: None)
    found, killed, _ = _run(tmp_path / "killed", _kill_in_the_middle)
    assert {table: len(rows) for table, rows in found.items()} == {table: len(rows) for table, rows in expected.items()}
    assert [table for table in expected if found[table] != expected[table]] == []
    assert killed == calm == {column: tally[name] for column, name in LEDGER_OF_TALLY.items()}
    log = (tmp_path / "killed" / "logs" / "pipeline.log").read_text()
    assert re.search(r'"next": [1-9]', log), "no life of the pipeline went on from a snapshot"


def _run(
    folder: Path, disturb: Callable[[RunningStack, int], None]
) -> tuple[dict[str, list[tuple[object, ...]]], dict[str, int], Counter[str]]:
    """Send all parts, disturb the pipeline at each; give all tables, the ledger's sums, and what was sent."""
    tally: Counter[str] = Counter()
    with running_stack(folder, pseudonym_key=KEY, snapshot_interval="200ms") as stack:
        for part in range(PARTS):
            simulation = stack.background(*_simulation(part))
            disturb(stack, tally["sent"])
            summary, _ = simulation.communicate(timeout=60)
            assert simulation.returncode == 0
            sent = json.loads(summary)["tally"]
            tally.update({name: sent[name] for name in LEDGER_OF_TALLY.values()})
            stack.wait_until_received(tally["sent"])
            stack.wait_until_durable(tally["sent"])
        # The rows of some rollups wait for up to a minute; an exact stop writes them.
        assert stack.stop() == 0
        stack.start()
        sums = stack.query(f"SELECT {', '.join(f'sum({column})' for column in LEDGER_OF_TALLY)} FROM ledger")[0]
        return stack.contents(), dict(zip(LEDGER_OF_TALLY, map(int, map(str, sums)), strict=True)), tally


def _simulation(part: int) -> tuple[str, ...]:
    return (
        *("simulate", "--fast", "--events", str(EVENTS), "--seed", str(part), "--start", f"2026-11-20T1{part}:00:00"),
        *("--duplicates", "1%", "--late", "1%", "--malformed", "0.5%", "--json"),
    )


def _kill_in_the_middle(stack: RunningStack, received: int) -> None:
    stack.wait_until_received(received + random.Random(received).randrange(EVENTS // 2))
    stack.wait_for(lambda: stack.pipeline_pid() is not None, "the pipeline's process")
    pid = stack.pipeline_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    stack.wait_for(lambda: stack.pipeline_pid() not in (pid, None), "a new process for the pipeline")
