"""What a shard's page answers to Prometheus and to whoever runs the process."""

from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sinks.health import HealthServer
from sinks.prometheus import Exporter, registry
from sinks.writer import WriterState

pytestmark = pytest.mark.service

Problems = list[str]


@pytest.fixture(scope="module")
def problems() -> Problems:
    """What is wrong; empty when all is well."""
    return []


@pytest.fixture(scope="module")
def server(problems: Problems) -> Iterator[HealthServer]:
    page = registry(Exporter(("library.search",), WriterState()))
    made = HealthServer("127.0.0.1", 0, page, lambda: problems[0] if problems else None)
    made.start()
    yield made
    made.close()


def get(server: HealthServer, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_it_is_ready_until_there_is_a_problem_and_again_after_it(server: HealthServer, problems: Problems) -> None:
    assert get(server, "/readyz") == (200, "ready\n")
    problems.append("ClickHouse has been away for 6 s — events wait in Kafka")
    assert get(server, "/readyz") == (503, "ClickHouse has been away for 6 s — events wait in Kafka\n")
    assert get(server, "/livez") == (200, "alive\n")  # a restart would not bring the store back
    problems.clear()
    assert get(server, "/readyz") == (200, "ready\n")


def test_the_page_is_what_prometheus_reads(server: HealthServer) -> None:
    status, body = get(server, "/metrics")
    names = {family.name for family in text_string_to_metric_families(body)}
    assert status == 200
    assert {"tidegauge_ledger_mismatch", "process_cpu_seconds"} <= names


@pytest.mark.parametrize("path", ["/", "/metrics/", "/favicon.ico", "/livez/x", "/%00"])
def test_an_unknown_path_is_told_the_known_ones(server: HealthServer, path: str) -> None:
    assert get(server, path) == (404, "try /metrics, /livez or /readyz\n")


def test_a_taken_port_is_an_error_at_the_start(server: HealthServer) -> None:
    with pytest.raises(OSError, match="in use"):
        HealthServer("127.0.0.1", server.port, registry(Exporter((), WriterState())), lambda: None)


def test_nobody_answers_after_the_end() -> None:
    server = HealthServer("127.0.0.1", 0, registry(Exporter((), WriterState())), lambda: None)
    server.start()
    assert get(server, "/livez")[0] == 200
    server.close()
    with pytest.raises(ConnectionRefusedError):
        get(server, "/livez")


def test_a_port_that_is_taken_is_named_with_what_to_set(server: HealthServer) -> None:
    page = registry(Exporter((), WriterState()))
    with pytest.raises(OSError, match=rf"127.0.0.1:{server.port} .*TIDEGAUGE_METRICS_PORT"):
        HealthServer("127.0.0.1", server.port, page, lambda: None)
