"""The proof must be able to fail: for each fault a mechanism is broken on purpose, and the run turns red for that reason."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.faults import FAULTS
from chaos.plan import BrokerKind, ChaosPlan, midnight_before
from chaos.run import Outcome, run
from tests.chaos.mutant import MUTATIONS

pytestmark = [pytest.mark.service, pytest.mark.chaos, pytest.mark.timeout(400)]

BY_NAME = {fault.name: fault for fault in FAULTS}
RED = (
    ("calm", "increments"),
    ("calm", "late-is-on-time"),
    ("kill-shard", "stale-snapshot"),
    ("kill-all", "windows-forgotten"),
    ("kill-in-write", "drain-does-not-wait"),
    ("kill-in-migration", "applied-before-it-is"),
    ("stop-start", "generation-forgotten"),
    ("upgrade", "old-snapshots-are-forgotten"),
    ("two-for-one-shard", "no-lock"),
    ("clickhouse-away", "away-is-not-told"),
    ("clickhouse-errors", "failed-insert-is-dropped"),
    ("recovery-unreadable", "store-is-trusted"),
    ("recovery-of-another-shard", "store-is-trusted"),
    ("recovery-log-torn", "stale-snapshot"),
    ("reject-limit", "no-reject-limit"),
    ("ahead-and-idle", "one-watermark-for-all"),
    ("clock-ahead", "future-moves-the-watermark"),
    ("many-names", "labels-without-bounds"),
    ("replay", "increments"),
    ("mixed", "generation-forgotten"),
)
"""Fault and mutation, on the embedded broker."""
RED_ON_KAFKA = (
    ("broker-killed", "gives-up-without-a-broker"),
    ("kill-all", "starts-at-the-end"),
    ("dead-letters-refused", "letters-are-dropped"),
    ("topic-made-anew", "topic-is-not-told-apart"),
    ("records-expired", "loss-is-skipped"),
    ("partitions-added", "partitions-are-fixed"),
)
"""Those that only Apache Kafka can serve."""
TIMES = {"kill-all": 5, "kill-in-write": 12, "recovery-log-torn": 3, "mixed": 6}
"""How often a fault strikes here; twice, where nothing is said."""
RATES = {"kill-shard": 800.0, "kill-all": 800.0, "recovery-log-torn": 500.0}
"""Events a second where a strike must come while they flow: a snapshot that is late loses nothing when nothing comes."""


def test_every_mutation_is_tried() -> None:
    assert {mutation for _, mutation in (*RED, *RED_ON_KAFKA)} == set(MUTATIONS)


@pytest.mark.parametrize(("fault", "mutation"), RED)
def test_a_run_with_a_broken_mechanism_is_red(
    fault: str, mutation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = mutated(fault, mutation, BrokerKind.EMBEDDED, tmp_path, monkeypatch)
    assert not outcome.is_exact


@pytest.mark.parametrize(("fault", "mutation"), RED_ON_KAFKA)
def test_a_run_on_kafka_with_a_broken_mechanism_is_red(
    fault: str, mutation: str, kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = mutated(fault, mutation, BrokerKind.KAFKA, tmp_path, monkeypatch)
    assert not outcome.is_exact


def mutated(name: str, mutation: str, broker: BrokerKind, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Run a fault on a mutant, small and short."""
    fault = BY_NAME[name]
    monkeypatch.setattr(fault, "times", min(fault.times, TIMES.get(name, 2)))
    monkeypatch.setattr("chaos.faults.store.SECONDS", 10.0)
    rate = RATES.get(name, 2_000.0)
    plan = ChaosPlan(seed=5, events=12_000, rate=rate, start=midnight_before(time.time()), shards=2, patience=60.0)
    program = (sys.executable, "-m", "tests.chaos.mutant", mutation)
    return run(fault(), replace(plan, partitions=4, broker=broker, program=program), folder / "run")
