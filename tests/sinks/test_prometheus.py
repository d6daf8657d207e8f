"""What the page of a shard promises: families that rules and panels rely on, bounded labels, and a page that nothing breaks."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from schemas.catalog import CATALOG
from sinks.prometheus import BOUNDS_SECONDS, LIMITS, OTHER, REASONS_LIMIT, SERIES_LIMIT, Exporter, registry
from sinks.writer import WriterState

WEB = ("estimator-web", "client")
HOSTILE = [
    "\ud800",
    "a\udfffb",
    "nul\0",
    "'; DROP TABLE events_rows; --",
    "line\nbreak",
    'quo"te',
    "back\\slash",
    "\\n",
    "",
]
HOSTILE += ["}", 'a"} 1\napp_operations_total{operation="b', "\r", "\u2028", "‮", "x" * 32_000, "ünï", "🏗"]


@pytest.fixture
def exporter() -> Exporter:
    return Exporter(CATALOG, WriterState())


def page(exporter: Exporter) -> dict[str, Metric]:
    """Read the page as Prometheus would."""
    text = generate_latest(registry(exporter)).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(family: Metric, *labels: str) -> dict[tuple[str, ...], float]:
    """Give label values -> value of a family's plain samples."""
    return {
        tuple(sample.labels[name] for name in labels): sample.value
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def observe(exporter: Exporter, event: str, count: int = 1, errors: int = 0, durations: tuple[float, ...] = ()) -> None:
    exporter.observe_operation((event, *WEB), count, count, errors, np.array(durations, dtype=np.float64))


@pytest.mark.parametrize(
    ("name", "kind", "labels"),
    [
        ("app_operations_total", "counter", {"operation", "service", "source"}),
        ("app_operation_outcomes_total", "counter", {"operation", "service", "source"}),
        ("app_operation_errors_total", "counter", {"operation", "service", "source"}),
        ("app_operation_duration_seconds_bucket", "histogram", {"operation", "service", "source", "le"}),
        ("app_operation_duration_seconds_sum", "histogram", {"operation", "service", "source"}),
        ("app_operation_duration_seconds_count", "histogram", {"operation", "service", "source"}),
        ("tidegauge_events_total", "counter", {"verdict"}),
        ("app_probes_total", "counter", {"target"}),
        ("app_probes_answered_total", "counter", {"target"}),
        ("tidegauge_rejected_total", "counter", {"reason"}),
        ("tidegauge_event_age_seconds_bucket", "histogram", {"le"}),
        ("tidegauge_event_age_seconds_count", "histogram", set[str]()),
        ("tidegauge_recovery_free_bytes", "gauge", set[str]()),
        ("tidegauge_recovery_size_bytes", "gauge", set[str]()),
        ("tidegauge_shards", "gauge", set[str]()),
        ("tidegauge_records_received_total", "counter", set[str]()),
        ("tidegauge_event_lag_seconds", "gauge", set[str]()),
        ("tidegauge_consumer_lag_messages", "gauge", {"partition"}),
        ("tidegauge_ledger_mismatch", "gauge", set[str]()),
        ("tidegauge_sink_away_seconds", "gauge", set[str]()),
        ("tidegauge_sink_rows_total", "counter", set[str]()),
        ("tidegauge_sink_inserts_total", "counter", set[str]()),
        ("tidegauge_sink_retries_total", "counter", set[str]()),
        ("tidegauge_sink_seconds_total", "counter", set[str]()),
    ],
)
def test_the_samples_that_others_rely_on_are_there(exporter: Exporter, name: str, kind: str, labels: set[str]) -> None:
    observe(exporter, "library.search", durations=(10.0,))
    exporter.observe_lag({3: 17})
    found = [(f.type, set(s.labels)) for f in page(exporter).values() for s in f.samples if s.name == name]
    assert found
    assert all(one == (kind, labels) for one in found)


def test_what_is_observed_adds_up(exporter: Exporter) -> None:
    observe(exporter, "library.search", 3, 1, (100.0, 250.0))
    observe(exporter, "library.search", 2, 0, (50.0,))
    exporter.observe_operation(("library.search", "api", "server"), 7, 7, 7, np.array([]))
    exporter.observe_verdicts({"counted": 5, "late": 1, "duplicate": 2, "rejected": 0}, 8)
    exporter.observe_verdicts({"rejected": 4}, 4)
    exporter.observe_lag({0: 10, 1: 0})
    exporter.observe_lag({0: 4})
    exporter.observe_event_lag(1.5)
    found = page(exporter)
    assert values(found["app_operations"], "operation", "service", "source") == {
        ("library.search", *WEB): 5,
        ("library.search", "api", "server"): 7,
    }
    assert values(found["app_operation_errors"], "service") == {("estimator-web",): 1, ("api",): 7}
    sums = [s for s in found["app_operation_duration_seconds"].samples if s.name.endswith("_sum")]
    assert {s.labels["service"]: pytest.approx(s.value) for s in sums} == {"estimator-web": 0.4, "api": 0.0}
    assert values(found["tidegauge_events"], "verdict") == {
        ("counted",): 5,
        ("duplicate",): 2,
        ("rejected",): 4,
        ("late",): 1,
    }
    assert values(found["tidegauge_consumer_lag_messages"], "partition") == {("0",): 4, ("1",): 0}
    assert values(found["tidegauge_event_lag_seconds"]) == {(): 1.5}
    assert values(found["tidegauge_ledger_mismatch"]) == {(): 0}


def test_probes_reasons_and_ages_add_up(exporter: Exporter) -> None:
    exporter.observe_probes({"application": (4, 3)})
    exporter.observe_probes({"application": (2, 0), "database": (1, 1)})
    exporter.observe_reasons({"time_in_future": 2, "missing:messageId": 1})
    exporter.observe_reasons({f"made.up.{number}": 1 for number in range(500)})
    exporter.observe_ages(np.array([-3.0, 0.5, 4.9, 5.0, 5.1, 9_999.0]))
    found = page(exporter)
    assert values(found["app_probes"], "target") == {("application",): 6, ("database",): 1}
    assert values(found["app_probes_answered"], "target") == {("application",): 3, ("database",): 1}
    reasons = values(found["tidegauge_rejected"], "reason")
    assert reasons["time_in_future",] == 2
    assert sum(reasons.values()) == 503
    assert len(reasons) == REASONS_LIMIT + 1
    ages = {s.labels["le"]: s.value for s in found["tidegauge_event_age_seconds"].samples if "le" in s.labels}
    assert (ages["1.0"], ages["5.0"], ages["10.0"], ages["+Inf"]) == (2, 4, 5, 6)


def test_the_recovery_stores_file_system_is_shown_and_one_that_is_gone_breaks_nothing(tmp_path: Path) -> None:
    found = page(Exporter(CATALOG, WriterState(), tmp_path, 8))
    assert values(found["tidegauge_shards"]) == {(): 8}
    free, size = (values(found[f"tidegauge_recovery_{what}_bytes"])[()] for what in ("free", "size"))
    assert 0 < free <= size
    gone = page(Exporter(CATALOG, WriterState(), tmp_path / "gone"))
    assert "tidegauge_recovery_free_bytes" not in gone
    assert "tidegauge_events" in gone


def test_a_ledger_that_does_not_add_up_is_shown(exporter: Exporter) -> None:
    exporter.observe_verdicts({"counted": 5}, 8)
    assert values(page(exporter)["tidegauge_ledger_mismatch"]) == {(): 3}


def test_the_writer_is_shown(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    state = WriterState(away_since=100.0, rows=5, inserts=2, retries=3, seconds=0.5)
    monkeypatch.setattr("sinks.writer.time.monotonic", lambda: 160.0)
    found = page(Exporter(CATALOG, state))
    shown = {name: values(found[f"tidegauge_sink_{name}"])[()] for name in ("rows", "inserts", "retries", "seconds")}
    assert shown == {"rows": 5, "inserts": 2, "retries": 3, "seconds": 0.5}
    assert values(found["tidegauge_sink_away_seconds"]) == {(): 60.0}


@given(st.lists(st.floats(0, 86_400_000) | st.sampled_from([bound * 1000 for bound in BOUNDS_SECONDS]), max_size=40))
def test_the_histogram_is_cumulative_and_counts_as_prometheus_does(durations_ms: list[float]) -> None:
    exporter = Exporter(CATALOG, WriterState())
    observe(exporter, "library.search", len(durations_ms), 0, tuple(durations_ms))
    family = page(exporter)["app_operation_duration_seconds"]
    buckets = {float(s.labels["le"]): s.value for s in family.samples if s.name.endswith("_bucket")}
    expected = {le: sum(ms / 1000 <= le for ms in durations_ms) for le in (*BOUNDS_SECONDS, float("inf"))}
    assert buckets == expected
    (count,) = [s.value for s in family.samples if s.name.endswith("_count")]
    assert count == len(durations_ms)


def test_the_thresholds_of_the_objectives_are_bounds(exporter: Exporter) -> None:
    observe(exporter, "library.search", durations=(1.0,))
    family = page(exporter)["app_operation_duration_seconds"]
    assert {"0.1", "0.2", "2.0"} <= {s.labels["le"] for s in family.samples if "le" in s.labels}


def test_ten_thousand_names_make_a_bounded_page_and_lose_no_event(exporter: Exporter) -> None:
    for number in range(10_000):
        exporter.observe_operation((f"made.up.{number}", f"s{number}", f"side{number}"), 1, 1, 0, np.array([]))
    observe(exporter, "library.search", 4)
    found = values(page(exporter)["app_operations"], "operation", "service", "source")
    for place, name in enumerate(("operation", "service", "source")):
        assert len({key[place] for key in found}) <= LIMITS[name] + 1
    assert sum(found.values()) == 10_004
    assert found["library.search", *(OTHER, "client")] == 4
    assert found[OTHER, OTHER, OTHER] > 9_000


def test_combinations_of_labels_are_bounded_too_and_keep_their_operation(exporter: Exporter) -> None:
    for number in range(300 * 30):
        exporter.observe_operation((f"made.up.{number % 300}", f"s{number // 300}", "client"), 1, 1, 0, np.array([]))
    found = values(page(exporter)["app_operations"], "operation", "service", "source")
    assert len(found) <= SERIES_LIMIT + LIMITS["operation"] + 1
    operations: Counter[str] = Counter()
    for (operation, _, _), value in found.items():
        operations[operation] += int(value)
    own = {operation: number for operation, number in operations.items() if operation != OTHER}
    assert set(own.values()) == {30}
    assert sum(operations.values()) == 9_000


def test_no_name_takes_the_place_of_one_of_the_catalog(exporter: Exporter) -> None:
    for number in range(1_000):
        observe(exporter, f"made.up.{number}")
    for name in CATALOG:
        observe(exporter, name)
    found = {key[0] for key in values(page(exporter)["app_operations"], "operation")}
    assert set(CATALOG) <= found


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_does_not_break_the_page(exporter: Exporter, name: str) -> None:
    observe(exporter, "library.search", 2)
    exporter.observe_operation((name, name, name), 3, 3, 1, np.array([5.0]))
    found = values(page(exporter)["app_operations"], "operation", "service", "source")
    assert found.pop(("library.search", *WEB)) == 2
    (label,) = found
    assert label in {(name, name, name), (OTHER, OTHER, OTHER)}
    assert list(found.values()) == [3]


@given(st.lists(st.text(st.characters(), max_size=5), max_size=30))
def test_whatever_the_names_every_event_is_on_the_page(names: list[str]) -> None:
    exporter = Exporter(CATALOG, WriterState())
    for name in names:
        observe(exporter, name)
    found = values(page(exporter)["app_operations"], "operation")
    told = Counter(name if name.isprintable() else OTHER for name in names)
    assert found == {(name,): number for name, number in told.items()}
