"""A chaos run end to end, small: real processes, real faults, and an outcome that says what was seen."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.faults import FAULTS
from chaos.faults.processes import KillAll
from chaos.plan import BrokerKind, ChaosPlan, midnight_before, simulated
from chaos.report import as_json, markdown
from chaos.run import run

SMALL = ChaosPlan(
    seed=3, events=6_000, rate=2_000.0, start=midnight_before(1_795_000_000.0), shards=2, partitions=4, patience=100.0
)


@pytest.mark.service
def test_killed_shards_lose_nothing_and_count_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KillAll, "times", 2)
    said: list[str] = []
    plan = replace(SMALL, broker=BrokerKind.EMBEDDED, start=midnight_before(time.time()))
    fault = KillAll()
    outcome = run(fault, plan, tmp_path / "run", said.append)
    assert outcome.report is not None
    assert "\n".join(outcome.report.lines()).endswith("every figure is exact"), list(outcome.report.lines())
    assert outcome.problems == []
    assert outcome.is_exact
    assert outcome.strikes == len(outcome.recovered) == 2
    assert outcome.report.totals["received"].expected == outcome.records >= 6_000
    assert min(outcome.report.totals[name].expected for name in ("duplicate", "late", "rejected")) > 10
    assert any(text.startswith("strike 2 of 2") for text in said)
    assert as_json(outcome)["exact"] is True
    assert f"| `kill-all`: {fault.sentence} | 2 | {outcome.records:,} | 0 | 0 |" in "\n".join(
        markdown([(fault, outcome)])
    )


def test_the_same_seed_gives_the_same_stream() -> None:
    assert simulated(SMALL) == simulated(SMALL)
    assert simulated(SMALL) != simulated(replace(SMALL, seed=4))


def test_each_fault_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.sentence and fault.__doc__ for fault in FAULTS)
