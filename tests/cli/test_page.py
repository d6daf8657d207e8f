"""The whole way from bytes to a scraped page, under somebody who makes names up."""

import json
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cli.shard_process import _observe
from pipelines.microbatch import MicroBatch
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.shard import Shard, ShardConfig
from schemas.catalog import CATALOG
from sinks.health import HealthServer
from sinks.prometheus import LIMITS, OTHER, Exporter, registry
from sinks.writer import WriterState

NAMES = 10_000
TIME = "2026-11-23T19:04:00.000Z"
MS = 1_795_460_640_000


def record(number: int) -> bytes:
    context = {"service": f"service-{number}", "source": "server"}
    event = {"type": "track", "event": f"made.up.{number}", "messageId": f"m-{number}", "userId": "u-1"}
    return json.dumps({**event, "timestamp": TIME, "context": context}).encode()


@pytest.mark.service
def test_ten_thousand_names_become_one_other_on_the_page(tmp_path: Path) -> None:
    values = [record(number) for number in range(NAMES)]
    batch = MicroBatch(0, np.arange(NAMES), np.full(NAMES, MS), values)
    flush = Shard(ShardConfig(tmp_path), ROLLUPS, FACTS).step([batch], 0.0)
    assert (flush.received, flush.verdicts.get("rejected", 0)) == (NAMES, 0)
    exporter = Exporter(CATALOG, WriterState())
    _observe(exporter, flush)
    server = HealthServer("127.0.0.1", 0, registry(exporter), lambda: None)
    server.start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    finally:
        server.close()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = [s for s in families["app_operations"].samples if s.name == "app_operations_total"]
    for label in ("operation", "service", "source"):
        assert len({sample.labels[label] for sample in samples}) <= LIMITS[label] + 1
    others = [sample.value for sample in samples if sample.labels["operation"] == OTHER]
    assert sum(sample.value for sample in samples) == NAMES
    assert sum(others) >= NAMES - LIMITS["operation"]
    assert len(text) < 2_000_000
