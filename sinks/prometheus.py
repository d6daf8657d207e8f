"""The Prometheus page of a shard: what the application's operations did, and how the pipeline itself fares.

The only file that imports prometheus-client. Numbers are added column by column, so the library's own instruments, which
take one value at a time, are not used: a collector hands out what was added up.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import disk_usage

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from sinks.certificates import CertificateError, first_end
from sinks.figures import Figures
from sinks.writer import WriterState

BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Upper bounds of the histogram; among them the SLO thresholds 0.1, 0.2 and 2 s."""
AGE_BOUNDS_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Upper bounds of the histogram of ages; among them the SLO threshold 5 s."""
PROBE_TARGETS = ("application", "database")
"""What probes ask."""
VERDICTS = ("counted", "duplicate", "rejected", "late")
REASONS_LIMIT = 60
"""How many reasons of rejections are told apart."""
OTHER = "other"
LABELS = ("operation", "service", "source")
LIMITS = {"operation": 300, "service": 100, "source": 10}
"""How many values a label may take; what comes after is called `other`."""
SERIES_LIMIT = 3_000
"""How many combinations of them are told apart; what comes after keeps its operation, and `other` stands for the rest."""

Key = tuple[str, ...]


@dataclass(slots=True)
class Operation:
    """What is added up for one operation, service and source."""

    count: int = 0
    outcomes: int = 0
    errors: int = 0
    sum_seconds: float = 0.0
    buckets: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(BOUNDS_SECONDS) + 1, dtype=np.int64))


class LabelValues:
    """Bounds the values of one label: known ones always, others while there is room, then `other`."""

    def __init__(self, known: Iterable[str], limit: int) -> None:
        self._taken = set(known)
        self._room = max(limit - len(self._taken), 0)

    def bounded(self, value: str) -> str:
        """Give the label value for a text; never anything that a Prometheus page could not hold."""
        if value in self._taken:
            return value
        if not self._room or not value.isprintable():
            return OTHER
        self._room -= 1
        self._taken.add(value)
        return value


class Exporter(Collector):
    """Everything a shard shows; `observe` is called by the pipeline, `collect` by scrapes in other threads."""

    def __init__(self, operations: Iterable[str], writer: WriterState, store: Path = Path(), shards: int = 1) -> None:
        """Start at zero.

        Args:
            operations: event names that always keep their own label value.
            writer: the state of the way into ClickHouse.
            store: the folder that recovery stores lie in, whose file system is watched.
            shards: how many shards there are in all.
        """
        self._lock = threading.Lock()
        known = {"operation": operations, "service": (), "source": ("client", "server")}
        self._labels = {name: LabelValues(known[name], LIMITS[name]) for name in LABELS}
        self._operations: dict[Key, Operation] = {}
        self._verdicts = dict.fromkeys(VERDICTS, 0)
        self._reasons: dict[str, int] = {"time_in_future": 0}
        self._reason_labels = LabelValues(self._reasons, REASONS_LIMIT)
        self._probes = dict.fromkeys(PROBE_TARGETS, (0, 0))
        self._ages = np.zeros(len(AGE_BOUNDS_SECONDS) + 1, dtype=np.int64)
        self._age_sum = 0.0
        self._store, self._shards = store, shards
        self._received = 0
        self._lost = 0
        self._lag: dict[int, int] = {}
        self._newest_ms: int | None = None
        self._event_lag = 0.0
        self._writer = writer

    def observe_verdicts(self, verdicts: Mapping[str, int], received: int) -> None:
        """Add verdicts, and how many records they are for."""
        with self._lock:
            self._received += received
            for name, number in verdicts.items():
                self._verdicts[name] += number

    def observe_reasons(self, reasons: Mapping[str, int]) -> None:
        """Add rejected records by reason."""
        with self._lock:
            for text, number in reasons.items():
                reason = self._reason_labels.bounded(text)
                self._reasons[reason] = self._reasons.get(reason, 0) + number

    def observe_probes(self, probes: Mapping[str, tuple[int, int]]) -> None:
        """Add probes by target: how many there were, and how many were answered."""
        with self._lock:
            for target, (asked, answered) in probes.items():
                before = self._probes[target]
                self._probes[target] = (before[0] + asked, before[1] + answered)

    def observe_ages(self, seconds: NDArray[np.float64]) -> None:
        """Add how long after Kafka had them events were counted; a clock that is behind shows as 0."""
        known = np.maximum(seconds, 0.0)
        buckets = np.bincount(np.searchsorted(AGE_BOUNDS_SECONDS, known), minlength=len(AGE_BOUNDS_SECONDS) + 1)
        with self._lock:
            self._ages += buckets
            self._age_sum += float(known.sum())

    def observe_operation(
        self, key: Key, count: int, outcomes: int, errors: int, durations_ms: NDArray[np.float64]
    ) -> None:
        """Add events of one operation, service and source (`key`, unbounded texts).

        Args:
            key: operation, service and source.
            count: how many events.
            outcomes: how many of them carry an outcome.
            errors: how many of these are errors.
            durations_ms: the known durations.
        """
        seconds = durations_ms / 1000
        buckets = np.bincount(np.searchsorted(BOUNDS_SECONDS, seconds), minlength=len(BOUNDS_SECONDS) + 1)
        with self._lock:
            bounded = tuple(self._labels[name].bounded(text) for name, text in zip(LABELS, key, strict=True))
            if bounded not in self._operations and len(self._operations) >= SERIES_LIMIT:
                bounded = (bounded[0], OTHER, OTHER)
            operation = self._operations.setdefault(bounded, Operation())
            operation.count += count
            operation.outcomes += outcomes
            operation.errors += errors
            operation.sum_seconds += float(seconds.sum())
            operation.buckets += buckets

    def observe_lag(self, lag: Mapping[int, int]) -> None:
        """Show how many records wait in Kafka, by partition."""
        with self._lock:
            self._lag.update(lag)

    def observe_event_lag(self, seconds: float) -> None:
        """Show how old the newest event of the last step was when its step was done."""
        with self._lock:
            self._event_lag = seconds

    def observe_lost(self, records: int) -> None:
        """Add records that were gone before they could be read."""
        with self._lock:
            self._lost += records

    def collect(self) -> Iterator[Metric]:
        """Give all families."""
        with self._lock:
            families = [
                *self._operation_families(),
                *self._event_families(),
                *self._pipeline_families(),
                *self._machine_families(),
            ]
        yield from families

    def _operation_families(self) -> list[Metric]:
        total = CounterMetricFamily("app_operations", "Events of the application.", labels=LABELS)
        outcomes = CounterMetricFamily("app_operation_outcomes", "Events that carry an outcome.", labels=LABELS)
        errors = CounterMetricFamily("app_operation_errors", "Events whose outcome was an error.", labels=LABELS)
        duration = HistogramMetricFamily("app_operation_duration_seconds", "Durations of events.", labels=LABELS)
        bounds = [*(str(bound) for bound in BOUNDS_SECONDS), "+Inf"]
        for key, operation in self._operations.items():
            total.add_metric(key, operation.count)
            outcomes.add_metric(key, operation.outcomes)
            errors.add_metric(key, operation.errors)
            cumulative = np.cumsum(operation.buckets).tolist()
            duration.add_metric(key, list(zip(bounds, cumulative, strict=True)), operation.sum_seconds)
        return [total, outcomes, errors, duration]

    def _event_families(self) -> list[Metric]:
        asked = CounterMetricFamily("app_probes", "Probes of the application's parts.", labels=["target"])
        answered = CounterMetricFamily("app_probes_answered", "Probes that were answered.", labels=["target"])
        for target, (probes, answers) in self._probes.items():
            asked.add_metric([target], probes)
            answered.add_metric([target], answers)
        reasons = CounterMetricFamily("tidegauge_rejected", "Rejected records by reason.", labels=["reason"])
        for reason, number in self._reasons.items():
            reasons.add_metric([reason], number)
        bounds = [*(str(bound) for bound in AGE_BOUNDS_SECONDS), "+Inf"]
        age = HistogramMetricFamily(
            "tidegauge_event_age_seconds",
            "How long after Kafka had them events were counted.",
            buckets=list(zip(bounds, np.cumsum(self._ages).tolist(), strict=True)),
            sum_value=self._age_sum,
        )
        return [asked, answered, reasons, age]

    def _machine_families(self) -> list[Metric]:
        shards = _gauge("tidegauge_shards", "Shards that there are to be.", self._shards)
        try:
            usage = disk_usage(self._store)
        except OSError:
            return [shards]  # a folder that is gone has no size; an alert watches for the absence
        return [
            shards,
            _gauge("tidegauge_recovery_free_bytes", "Free on the file system of the recovery stores.", usage.free),
            _gauge("tidegauge_recovery_size_bytes", "Size of the file system of the recovery stores.", usage.total),
        ]

    def _pipeline_families(self) -> list[Metric]:
        verdicts = CounterMetricFamily("tidegauge_events", "Kafka records by verdict.", labels=["verdict"])
        for name, number in self._verdicts.items():
            verdicts.add_metric([name], number)
        waiting = GaugeMetricFamily(
            "tidegauge_consumer_lag_messages", "Records that wait in Kafka.", labels=["partition"]
        )
        for partition, number in self._lag.items():
            waiting.add_metric([str(partition)], number)
        mismatch = self._received - sum(self._verdicts.values())
        return [
            verdicts,
            waiting,
            _counter("tidegauge_records_received", "Kafka records read.", self._received),
            _counter("tidegauge_lost_records", "Records that expired in Kafka before they were read.", self._lost),
            _gauge(
                "tidegauge_event_lag_seconds",
                "Age of the newest event when its step was done.",
                self._event_lag,
            ),
            _gauge(
                "tidegauge_ledger_mismatch",
                "Records read less records with a verdict; 0 when well.",
                mismatch,
            ),
            _gauge(
                "tidegauge_sink_away_seconds",
                "For how long the store has been away.",
                self._writer.away_seconds(),
            ),
            _counter("tidegauge_sink_rows", "Rows written.", self._writer.rows),
            _counter("tidegauge_sink_inserts", "Inserts acknowledged.", self._writer.inserts),
            _counter("tidegauge_sink_retries", "Flushes tried again.", self._writer.retries),
            _counter("tidegauge_sink_seconds", "Time spent in inserts.", self._writer.seconds),
        ]


class FiguresPage(Collector):
    """The page of business figures: what the files last said, and how each of them fares."""

    def __init__(self, figures: Figures, certificates: Iterable[Path] = ()) -> None:
        """Show figures, and when certificates (PEM files) end."""
        self._figures, self._certificates = figures, tuple(certificates)

    def collect(self) -> Iterator[Metric]:
        """Give all families."""
        failed = GaugeMetricFamily("tidegauge_figures_failed", "1 where a file could not be read.", labels=["file"])
        took = GaugeMetricFamily("tidegauge_figures_seconds", "How long reading a file took.", labels=["file"])
        for figure, answer in self._figures.answers():
            failed.add_metric([figure.file], float(answer.failed))
            took.add_metric([figure.file], answer.took)
            for place, (name, text) in enumerate(figure.metrics):
                family = GaugeMetricFamily(name, text, labels=figure.labels)
                for labels, values in answer.rows:
                    if (value := values[place]) is not None:
                        family.add_metric(labels, value)
                yield family
        yield from (failed, took, self._ends())

    def _ends(self) -> Metric:
        ends = GaugeMetricFamily(
            "tidegauge_certificate_ends_seconds", "When a certificate ends, seconds since 1970.", labels=["file"]
        )
        for path in dict.fromkeys(self._certificates):
            with suppress(OSError, CertificateError):
                ends.add_metric([str(path)], first_end(path.read_bytes()).timestamp())
        return ends


def registry(exporter: Collector) -> CollectorRegistry:
    """Make the registry of a process's page: its exporter, and what the process itself uses."""
    found = CollectorRegistry(auto_describe=False)
    found.register(exporter)
    ProcessCollector(registry=found)
    PlatformCollector(registry=found)
    GCCollector(registry=found)
    return found


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
