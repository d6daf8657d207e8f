"""A ClickHouse endpoint for the tests of this folder, as a process of its own on a free port."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Self

import pytest

REPOSITORY = Path(__file__).parents[2]


@dataclass
class EndpointProcess:
    """An endpoint that runs; it is known to listen because it said so."""

    process: subprocess.Popen[str]
    port: int
    data: Path

    @classmethod
    def start(cls, data: Path, *options: str) -> Self:
        command = [sys.executable, "-m", "local.clickhouse_endpoint", "--data", str(data), "--port", "0", *options]
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("listening 127.0.0.1:"):
            process.stdout.close()
            raise AssertionError(f"the endpoint ended with {process.wait()} and said {line!r}")
        return cls(process, int(line.rpartition(":")[2]), data)

    def call(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, HTTPMessage]:
        """Send one request; return status, body and headers of the answer."""
        return http_call(self.port, method, target, body, headers)

    def post(self, sql: str) -> str:
        """Run a statement that succeeds; return the text of the answer."""
        status, body, _ = self.call("POST", "/", sql.encode())
        assert status == 200, body
        return body.decode()

    def end(self, *, kill: bool = False) -> int:
        """End it and return its exit status."""
        (self.process.kill if kill else self.process.terminate)()
        status = self.process.wait(20)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status


def http_call(
    port: int, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes, HTTPMessage]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EndpointProcess]:
    """One endpoint for all tests that do not end it; each test makes tables of its own."""
    running = EndpointProcess.start(tmp_path_factory.mktemp("clickhouse"))
    yield running
    assert running.end() == 0
