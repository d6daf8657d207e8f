"""Privacy on the whole stack: figures that a recount confirms after a crash, and a person who is erased and stays so."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from cli.figures import page_values
from local.ports import free_port
from pipelines.pseudonyms import Pseudonyms
from tests.integration.stack import DEADLINE, KEY, REPOSITORY, RunningStack, running_stack

pytestmark = pytest.mark.service

Contents = dict[str, list[tuple[object, ...]]]

EVENTS = 12_000
SIMULATION = (
    *("simulate", "--fast", "--events", str(EVENTS), "--seed", "4", "--start", "2026-11-20T10:00:00"),
    *("--duplicates", "1%", "--late", "1%", "--malformed", "0.5%", "--json"),
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack that has read a stream, was killed in the middle, and has stored everything."""
    folder = tmp_path_factory.mktemp("privacy")
    with running_stack(folder / "data", pseudonym_key=KEY, snapshot_interval="200ms") as running:
        simulation = running.background(*SIMULATION)
        running.wait_until_received(EVENTS // 3)
        _end_pipeline(running, signal.SIGKILL)
        summary, _ = simulation.communicate(timeout=60)
        running.wait_until_received(json.loads(summary)["tally"]["sent"])
        # Some rows wait for up to a minute; an exact stop writes them.
        _end_pipeline(running, signal.SIGTERM)
        yield running


def _end_pipeline(stack: RunningStack, how: signal.Signals) -> None:
    pid = stack.pipeline_pid()
    assert pid is not None
    os.kill(pid, how)
    stack.wait_for(lambda: stack.pipeline_pid() not in (pid, None), "a new process for the pipeline")


@pytest.fixture(scope="module")
def records(stack: RunningStack) -> list[bytes]:
    """All records of the topic, in no particular order."""
    settings = {"bootstrap.servers": stack.environment["TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS"], "group.id": "test"}
    consumer = Consumer({**settings, "auto.offset.reset": "error"})
    consumer.assign([TopicPartition("events", partition, 0) for partition in range(4)])
    found: list[bytes] = []
    deadline = time.monotonic() + DEADLINE
    while len(found) < stack.received():
        assert time.monotonic() < deadline
        found += [message.value() or b"" for message in consumer.consume(5_000, 0.2) if message.error() is None]
    consumer.close()
    return found


@pytest.fixture(scope="module")
def person(stack: RunningStack, records: list[bytes]) -> str:
    """The user who did most of those whom rejected records name."""
    users: Counter[str] = Counter()
    for record in records:
        try:
            users[json.loads(record).get("userId") or ""] += 1
        except (ValueError, AttributeError):
            continue
    rejected = str(stack.query("SELECT groupArray(payload) FROM rejected_events")[0][0])
    return next(user for user, _ in users.most_common() if user and f'"userId":"{user}"' in rejected)


@pytest.fixture(scope="module")
def names(records: list[bytes], person: str) -> frozenset[str]:
    """The person's id and pseudonym, and the pseudonyms of the devices and sessions that were seen with the person."""
    pseudonyms, found = Pseudonyms(KEY.encode()), {person}
    for record in records:
        try:
            event = json.loads(record)
            if event["userId"] == person:
                found |= {event.get("anonymousId") or "", event["context"].get("sessionId") or ""}
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return frozenset({person, *map(pseudonyms.of, found - {""})})


def traces(stack: RunningStack, person: str) -> dict[str, int]:
    """Count the rows of each table that hold a person's id or pseudonym anywhere; what remembers the erasure may."""
    tables = stack.query(
        "SELECT name FROM system.tables WHERE database = 'tidegauge' AND engine LIKE '%MergeTree' AND name != 'erasures'"
    )
    names = [person, Pseudonyms(KEY.encode()).of(person)]
    count = f"SELECT count() FROM {{table}} WHERE multiSearchAny(toString(tuple(*)), {names})"
    found = {str(table): int(str(stack.query(count.format(table=table))[0][0])) for (table,) in tables}
    return {table: rows for table, rows in found.items() if rows}


def test_after_a_kill_a_recount_finds_no_difference(stack: RunningStack) -> None:
    audit = stack.run("audit", "--all")
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert "no difference" in audit.stderr


def test_an_erased_person_leaves_no_trace_and_a_replay_brings_nothing_back(
    stack: RunningStack, person: str, names: frozenset[str], tmp_path: Path
) -> None:
    assert {"events_rows", "unit_activity_rows", "rejected_events_rows"} <= traces(stack, person).keys()
    counted, everything = _ledger(stack), stack.contents()
    erased = stack.run("erase", person, "--yes")
    assert erased.returncode == 0, erased.stdout + erased.stderr
    assert f"nothing of {person} is left" in erased.stderr
    assert "rejected_events_rows" in erased.stdout
    assert traces(stack, person) == {}
    before = stack.contents()
    assert before == _without(everything, names), "what was deleted is not what names the person"
    _replay_from_the_beginning(stack, tmp_path)
    assert traces(stack, person) == {}
    after = stack.contents()
    assert [table for table in before if before[table] != after[table]] == []
    assert _ledger(stack) == counted


def test_the_stream_sent_again_brings_nothing_back(stack: RunningStack, person: str) -> None:
    assert stack.run("erase", person, "--yes").returncode == 0  # once more, where the test before has done it
    assert traces(stack, person) == {}
    before = stack.received()
    sent = stack.run(*SIMULATION)
    assert sent.returncode == 0, sent.stderr
    stack.wait_until_received(before + json.loads(sent.stdout)["tally"]["sent"])
    _end_pipeline(stack, signal.SIGTERM)
    assert stack.received() == before + json.loads(sent.stdout)["tally"]["sent"]
    assert traces(stack, person) == {}


def _ledger(stack: RunningStack) -> list[tuple[object, ...]]:
    return stack.query("SELECT sum(received), sum(counted), sum(duplicate), sum(rejected), sum(late) FROM ledger")


def _without(contents: Contents, names: frozenset[str]) -> Contents:
    """Leave out the rows that hold one of the names anywhere."""
    return {table: [row for row in rows if not any(n in repr(row) for n in names)] for table, rows in contents.items()}


def _replay_from_the_beginning(stack: RunningStack, folder: Path) -> None:
    """Let a pipeline without any memory read the whole topic, and stop it exactly."""
    port = free_port()
    own = {"TIDEGAUGE_DATA_DIR": str(folder), "TIDEGAUGE_METRICS_PORT": str(port)}
    command = [sys.executable, "-m", "cli", "run"]
    with subprocess.Popen(command, cwd=REPOSITORY, env=stack.environment | own, stderr=subprocess.DEVNULL) as replay:
        try:
            page, sent = f"http://127.0.0.1:{port}/metrics", stack.received()
            stack.wait_for(lambda: page_values(page).get("tidegauge_records_received_total", 0) >= sent, "the topic")
            running = _running(stack)
            replay.terminate()
            assert replay.wait(DEADLINE) == 0
        finally:
            replay.kill()
    assert running == [True, True], "an erasure must wait for each pipeline by itself"
    assert _running(stack) == [False, True], "the end of one pipeline is not that of the other"


def _running(stack: RunningStack) -> list[object]:
    """Say of each pipeline that ever read the erasures whether it runs."""
    return [row[0] for row in stack.query("SELECT running FROM erasure_readers FINAL ORDER BY running")]
