"""What a person does with the stack, and what it says to them."""

import gzip
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.stack import KEY, RunningStack, running_stack

pytestmark = pytest.mark.service

REQUESTS, ERRORS = 300, 12


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("stack") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def foreign_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log in the form of the OpenStack one: {REQUESTS} requests, {ERRORS} of them failed, 0.1 to 0.4 s long."""
    path = tmp_path_factory.mktemp("log") / "requests.ndjson.gz"
    with gzip.open(path, "wt") as file:
        for number in range(REQUESTS):
            record = {
                "line": number + 1,
                "time": f"2017-05-16T00:{number // 60:02}:{number % 60:02}.{number:03}Z",
                "request_id": f"req-{number}",
                "user": f"user-{number % 7}",
                "tenant": "t",
                "method": "GET",
                "route": "/v2/{id}/servers/detail",
                "status": 404 if number < ERRORS else 200,
                "bytes": 1893,
                "seconds": 0.1 + number / 1000,
            }
            file.write(json.dumps(record) + "\n")
    return path


@pytest.fixture(scope="module")
def replayed(stack: RunningStack, foreign_log: Path) -> RunningStack:
    """The stack, after the log was replayed."""
    command = ("replay", str(foreign_log), "--mapping", "mappings/openstack_nova.toml", "--shift")
    assert stack.run(*command).returncode == 0
    stack.wait_for(lambda: stack.received() >= REQUESTS, "the replayed log")
    return stack


def test_a_foreign_log_becomes_operations_within_a_percent(replayed: RunningStack) -> None:
    (row,) = replayed.query(
        "SELECT sum(count), sum(errors), latency_quantiles(sumMap(duration_sketch)) FROM operations "
        "WHERE event = 'request.served'"
    )
    exact = replayed.query("SELECT quantilesExactWeighted(0.5, 0.95, 0.99)(duration_ms, 1) FROM events")[0][0]
    assert row[:2] == (REQUESTS, ERRORS)
    assert isinstance(row[2], list)
    assert isinstance(exact, list)
    assert row[2] == pytest.approx(exact, rel=0.01)


def test_replaying_the_file_again_changes_no_figure(replayed: RunningStack, foreign_log: Path) -> None:
    before, figures = replayed.received(), replayed.query("SELECT * FROM operations ORDER BY window_start")
    again = replayed.run("replay", str(foreign_log), "--mapping", "mappings/openstack_nova.toml", "--shift")
    replayed.wait_for(lambda: replayed.received() >= before + REQUESTS, "the log once more")
    assert "very same events" in again.stdout + again.stderr
    assert replayed.query("SELECT * FROM operations ORDER BY window_start") == figures
    assert replayed.query("SELECT sum(duplicate) FROM ledger")[0][0] == REQUESTS


def test_the_ledger_adds_up_and_says_so(replayed: RunningStack) -> None:
    shown = replayed.run("ledger", "--by", "total")
    assert shown.returncode == 0
    assert "it adds up" in shown.stderr


def test_sql_writes_for_pipes_and_refuses_to_write_tables(replayed: RunningStack) -> None:
    answer = replayed.run("sql", "SELECT event, sum(count) FROM operations GROUP BY event")
    assert answer.stdout == f"event\tsum(count)\nrequest.served\t{REQUESTS}\n"
    refused = replayed.run("sql", "DROP TABLE events_rows")
    assert refused.returncode == 1
    assert "error:" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_endpoint_refuses_many_statements_files_and_the_network(replayed: RunningStack) -> None:
    for statement in (
        "SELECT 1; SELECT 2",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://x')",
    ):
        request = urllib.request.Request(f"http://127.0.0.1:{replayed.clickhouse_port}/", statement.encode())
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)  # noqa: S310
        assert "Code:" in refused.value.read().decode()


def test_doctor_finds_all_well(stack: RunningStack) -> None:
    found = stack.run("doctor")
    assert found.returncode == 0, found.stdout
    assert "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS" in found.stdout


def test_a_second_stack_is_told_which_port_is_taken(stack: RunningStack) -> None:
    second = stack.run("up")
    assert second.returncode == 1
    assert "is taken" in second.stderr
    assert "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS=" in second.stderr


def test_a_second_pipeline_for_the_same_shard_is_refused_by_name(stack: RunningStack) -> None:
    second = stack.run("run")
    assert second.returncode == 1
    assert f"in use by process {stack.pipeline_pid()}" in second.stderr


def test_a_second_start_goes_on(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path / "data")
    simulation = ("simulate", "--fast", "--events", "2000", "--json", "--start", "2026-11-20T10:00:00")
    for start, seed in enumerate(("1", "2"), start=1):
        stack.start()
        assert stack.run(*simulation, "--seed", seed).returncode == 0
        stack.wait_until_received(2000 * start)
        assert stack.run("ledger").returncode == 0
        assert stack.stop() == 0
    stack.close()


def test_without_a_stack_the_commands_say_how_to_start_one(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path / "data", pseudonym_key=KEY)
    commands = (("sql", "SELECT 1"), ("ledger",), ("run",), ("simulate", "--events", "1"), ("doctor", "--quiet"))
    # All at once: what takes their time is waiting for a broker that is not there.
    with ThreadPoolExecutor(len(commands)) as together:
        for command, failed in zip(commands, together.map(lambda command: stack.run(*command), commands), strict=True):
            assert failed.returncode == 1, command
            assert "tidegauge up" in failed.stderr + failed.stdout, command
            assert "Traceback" not in failed.stderr, command


def test_a_shard_that_does_not_stop_exactly_is_named_and_seen_in_the_exit_code(tmp_path: Path) -> None:
    """Without a broker no shard comes as far as an exact stop."""
    stack = RunningStack(tmp_path / "data", pseudonym_key=KEY)
    running = stack.background("run", "--shards", "2", errors=subprocess.PIPE)
    stack.wait_for((tmp_path / "data" / "logs" / "shard-1.log").exists, "the second shard")
    running.terminate()
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "shard-0 (exit code" in said
    assert "shard-1 (exit code" in said
    assert "did not stop exactly" in said
    assert "Traceback" not in said


def test_without_a_key_the_pipeline_refuses_to_start_and_says_how_to_make_one(tmp_path: Path) -> None:
    failed = RunningStack(tmp_path / "data").run("run")
    assert failed.returncode == 1
    assert "TIDEGAUGE_PSEUDONYM_KEY_FILE" in failed.stderr
    assert "TIDEGAUGE_ALLOW_PLAIN_IDS=1" in failed.stderr
    assert "Traceback" not in failed.stderr
