"""The Prometheus page: the families that the design names, labels that stay few, and hostile names that break nothing."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from sinks.health import HealthServer
from sinks.prometheus import BOUNDS_SECONDS, LIMITS, Exporter, registry
from sinks.writer import WriterState

HOSTILE = ["\ud800", "a\x00b", "'; DROP TABLE events_rows; --", 'x"} 1\n', "a\\b", "\u2028", "", "ü" * 500]
DURATIONS = np.array([50.0, 100.0, 100.1, 200.0, 2_000.0, 60_000.0])


@pytest.fixture
def exporter() -> Exporter:
    return Exporter(["library.search"], WriterState())


def samples(exporter: Exporter) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Read the page as Prometheus does: (name, labels) -> value."""
    text = generate_latest(registry(exporter)).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(exporter: Exporter, name: str, **labels: str) -> float:
    return samples(exporter)[name, tuple(sorted(labels.items()))]


def test_an_operation_is_counted_with_its_errors_and_durations(exporter: Exporter) -> None:
    labels = {"operation": "library.search", "service": "web", "source": "client"}
    for _ in range(2):
        exporter.observe_operation(tuple(labels.values()), 7, 2, DURATIONS)
    assert of(exporter, "app_operations_total", **labels) == 14
    assert of(exporter, "app_operation_errors_total", **labels) == 4
    assert of(exporter, "app_operation_duration_seconds_sum", **labels) == pytest.approx(2 * DURATIONS.sum() / 1000)
    assert of(exporter, "app_operation_duration_seconds_count", **labels) == 2 * len(DURATIONS)
    for bound in BOUNDS_SECONDS:
        within = np.count_nonzero(bound * 1000 >= DURATIONS)
        assert of(exporter, "app_operation_duration_seconds_bucket", le=str(bound), **labels) == 2 * within


def test_the_thresholds_of_the_objectives_are_bounds() -> None:
    assert {0.1, 0.2, 2.0} <= set(BOUNDS_SECONDS)


def test_ten_thousand_names_become_few_series_and_none_is_lost(exporter: Exporter) -> None:
    for number in range(10_000):
        exporter.observe_operation((f"made.up-{number}", f"service-{number}", "server"), 1, 0, np.empty(0))
    exporter.observe_operation(("library.search", "web", "client"), 1, 0, np.empty(0))
    counts = {labels: value for (name, labels), value in samples(exporter).items() if name == "app_operations_total"}
    assert sum(counts.values()) == 10_001
    for label, limit in LIMITS.items():
        assert len({dict(labels)[label] for labels in counts}) <= limit + 1
    assert ("operation", "library.search") in {pair for labels in counts for pair in labels}


def test_hostile_names_leave_the_page_readable(exporter: Exporter) -> None:
    for name in HOSTILE:
        exporter.observe_operation((name, name, name), 1, 1, np.array([1.0]))
    counts = [value for (name, _), value in samples(exporter).items() if name == "app_operations_total"]
    assert sum(counts) == len(HOSTILE)


def test_the_pipeline_shows_how_it_fares(exporter: Exporter) -> None:
    exporter.observe_verdicts({"counted": 5, "late": 2, "duplicate": 1, "rejected": 1}, 9)
    exporter.observe_lag({0: 10, 3: 4})
    exporter.observe_event_lag(1.5)
    assert {verdict: of(exporter, "tidegauge_events_total", verdict=verdict) for verdict in ("counted", "late")} == {
        "counted": 5,
        "late": 2,
    }
    assert of(exporter, "tidegauge_consumer_lag_messages", partition="3") == 4
    assert of(exporter, "tidegauge_event_lag_seconds") == 1.5
    assert of(exporter, "tidegauge_ledger_mismatch") == 0
    exporter.observe_verdicts({"counted": 1}, 2)
    assert of(exporter, "tidegauge_ledger_mismatch") == 1
    assert {"tidegauge_sink_away_seconds", "tidegauge_sink_rows_total", "tidegauge_sink_retries_total"} <= {
        name for name, _ in samples(exporter)
    }


@pytest.fixture
def server(exporter: Exporter) -> Iterator[tuple[str, list[str]]]:
    """A health server, and the list of what is wrong with its process."""
    problems: list[str] = []
    running = HealthServer("127.0.0.1", 0, registry(exporter), lambda: problems[0] if problems else None)
    running.start()
    yield f"http://127.0.0.1:{running.port}", problems
    running.close()


def answer(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as found:  # noqa: S310 - our own address
            return found.status, found.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.service
def test_ready_turns_red_and_green_again_and_says_why(server: tuple[str, list[str]]) -> None:
    url, problems = server
    assert answer(f"{url}/readyz") == (200, "ready\n")
    problems.append("ClickHouse has been away for 7 s")
    assert answer(f"{url}/readyz") == (503, "ClickHouse has been away for 7 s\n")
    assert answer(f"{url}/livez")[0] == 200
    problems.clear()
    assert answer(f"{url}/readyz")[0] == 200


@pytest.mark.service
def test_metrics_are_served_and_other_paths_are_not(server: tuple[str, list[str]]) -> None:
    url, _ = server
    status, page = answer(f"{url}/metrics")
    assert status == 200
    assert "tidegauge_ledger_mismatch 0.0" in page
    assert answer(f"{url}/etc/passwd")[0] == 404
