"""What the exporter is told of a step's events: counted here once more by hand."""

from pathlib import Path

import numpy as np
import orjson

from pipelines.microbatch import MicroBatch
from pipelines.observe import by_operation
from pipelines.shard import Shard, ShardConfig

START = 1_764_000_000_000


def batch(*events: dict[str, object]) -> MicroBatch:
    values = [
        orjson.dumps(
            {
                "type": "track",
                "messageId": f"m{number}",
                "timestamp": "2025-11-24T16:00:00Z",
                "userId": "u",
                "context": {"service": "web", "source": "client"},
                **event,
            }
        )
        for number, event in enumerate(events)
    ]
    return MicroBatch(0, np.arange(len(values)), np.full(len(values), START), values)


def probe(target: str, up: bool) -> dict[str, object]:
    return {"event": "probe.checked", "properties": {"target": target, "up": up}}


def search(**properties: object) -> dict[str, object]:
    return {"event": "library.search", "properties": properties}


def test_probes_are_counted_by_target(tmp_path: Path) -> None:
    shard = Shard(ShardConfig(tmp_path), (), ())
    ups = (True, True, False)
    step = batch(*(probe("application", up) for up in ups), probe("database", False), search(outcome="ok"))
    assert shard.step([step], 0.0).probes == {"application": (3, 2), "database": (1, 0)}


def test_a_step_without_probes_has_none(tmp_path: Path) -> None:
    assert Shard(ShardConfig(tmp_path), (), ()).step([batch(search(outcome="ok"))], 0.0).probes == {}


def test_only_what_carries_an_outcome_is_judged(tmp_path: Path) -> None:
    step = batch(search(), search(outcome="ok"), search(outcome="error", duration_ms=7.0), search(duration_ms=3.0))
    flush = Shard(ShardConfig(tmp_path), (), ()).step([step], 0.0)
    ((key, count, outcomes, errors, durations),) = by_operation(flush.accepted)
    assert (key, count, outcomes, errors) == (("library.search", "web", "client"), 4, 2, 1)
    assert sorted(durations.tolist()) == [3.0, 7.0]
