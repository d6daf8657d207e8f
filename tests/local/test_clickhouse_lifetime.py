"""Start, end and sudden death of the endpoint: what was acknowledged is still there."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.clickhouse_endpoint.child import start_endpoint
from local.ports import PortTakenError, free_port
from local.processes import Supervisor
from tests.local.conftest import REPOSITORY, EndpointProcess, http_call

pytestmark = pytest.mark.service


def test_acknowledged_rows_survive_a_sudden_death(tmp_path: Path) -> None:
    endpoint = EndpointProcess.start(tmp_path)
    endpoint.post("CREATE TABLE kept (a UInt64) ENGINE = ReplacingMergeTree ORDER BY a")
    for batch in range(5):
        endpoint.post(f"INSERT INTO kept SELECT number + {batch * 1000} FROM numbers(1000)")
    endpoint.end(kill=True)
    endpoint = EndpointProcess.start(tmp_path)
    assert endpoint.post("SELECT count(), sum(a) FROM kept FINAL") == f"5000\t{sum(range(5000))}\n"
    assert endpoint.end() == 0


def test_a_second_process_on_the_same_directory_is_told_who_has_it(tmp_path: Path) -> None:
    endpoint = EndpointProcess.start(tmp_path)
    command = [sys.executable, "-m", "local.clickhouse_endpoint", "--data", str(tmp_path), "--port", "0"]
    second = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30)
    assert (second.returncode, second.stdout) == (1, "")
    assert f"in use by process {endpoint.process.pid}; stop that one" in second.stderr
    assert endpoint.end() == 0


def test_the_directory_may_have_any_usual_name_and_is_told_of_an_unusual_one(tmp_path: Path) -> None:
    endpoint = EndpointProcess.start(tmp_path / "my estimates für 2026")
    assert endpoint.post("SELECT 1") == "1\n"
    assert endpoint.end() == 0
    command = [sys.executable, "-m", "local.clickhouse_endpoint", "--data", str(tmp_path / "50%?"), "--port", "0"]
    refused = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "rename it" in refused.stderr


def test_a_query_that_runs_is_answered_before_the_end(tmp_path: Path) -> None:
    endpoint = EndpointProcess.start(tmp_path)
    with socket.create_connection(("127.0.0.1", endpoint.port), 20) as connection:
        sql = b"SELECT count(), sleep(1) FROM system.one"
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(sql)}\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")  # so it is inside before the signal comes
        connection.sendall(sql)
        connection.settimeout(20)
        endpoint.process.terminate()
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    assert answer.endswith(b"1\t0\n")
    assert endpoint.end() == 0


def test_memory_is_bounded_by_an_error_and_not_by_death(tmp_path: Path) -> None:
    endpoint = EndpointProcess.start(tmp_path, "--memory-mib", "800")
    sql = b"SELECT length(groupArray(repeat('x', 1000))) FROM numbers(2000000)"
    status, _, headers = endpoint.call("POST", "/", sql)
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (500, "241")
    assert endpoint.post("SELECT 1") == "1\n"
    assert endpoint.end() == 0


def test_the_stack_starts_it_as_a_child(tmp_path: Path) -> None:
    port = free_port()
    with Supervisor(tmp_path / "logs") as supervisor:
        start_endpoint(supervisor, tmp_path / "tables", port)
        assert http_call(port, "POST", "/", b"SELECT 1")[:2] == (200, b"1\n")
        with Supervisor(tmp_path / "logs") as second, pytest.raises(PortTakenError, match=rf"port {port} \(ClickHouse"):
            start_endpoint(second, tmp_path / "others", port)
