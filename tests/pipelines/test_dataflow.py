"""The dataflow: ids that stored state depends on are frozen, and a stop and a new start go on with the next record."""

import threading
import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from bytewax.visualize import to_rendered

from pipelines.dataflow import Outlet, run_flow, shard_flow
from pipelines.errors import ERRORS
from pipelines.flush import Flush
from pipelines.ledger import LEDGER
from pipelines.operations import OPERATIONS
from pipelines.shard import Shard, ShardConfig
from pipelines.source import KafkaSource, SourceConfig, SourceError, SourceHooks, part_name
from tests.pipelines.tables import Tables
from tests.services import create_topic, produce

ROLLUPS = (OPERATIONS, ERRORS, LEDGER)
START_MS = 1_795_460_640_000
DEADLINE = 60.0


@dataclass
class Outside:
    """Takes flushes in, as a store would; stops the flow when it has seen enough records."""

    stopping: threading.Event
    stop_after: int
    tables: Tables = field(default_factory=Tables)
    received: int = 0
    undrained: int = 0
    drained: list[int] = field(default_factory=list)

    def write(self, flush: Flush) -> None:
        self.tables.write(flush.rows)
        self.received += flush.received
        self.undrained += 1
        if self.received >= self.stop_after:
            self.stopping.set()

    def drain(self) -> None:
        self.drained.append(self.undrained)
        self.undrained = 0

    def close(self) -> None:
        assert self.undrained == 0, "closed with flushes that no drain has covered"


def run(config: SourceConfig, folder: Path, outside: Outside) -> list[SourceError]:
    """Run one life of a shard until it stops by itself."""
    failures: list[SourceError] = []
    source = KafkaSource(config, SourceHooks(outside.stopping, on_failure=failures.append))
    outlet = Outlet(outside.write, outside.drain, outside.close)
    flow = shard_flow(part_name(0, 1), source, lambda: Shard(ShardConfig(folder / "ids"), ROLLUPS, ()), outlet)
    timer = threading.Timer(DEADLINE, outside.stopping.set)
    timer.start()
    try:
        run_flow(flow, folder / "store", timedelta(seconds=0.1))
    finally:
        timer.cancel()
    return failures


def event(number: int) -> bytes:
    time = np.datetime64(START_MS + number * 10, "ms")
    return (
        f'{{"type":"track","event":"library.search","messageId":"m-{number}","timestamp":"{time}Z",'
        f'"properties":{{"duration_ms":{number % 300}}}}}'
    ).encode()


@pytest.fixture
def topic(broker: str, request: pytest.FixtureRequest) -> SourceConfig:
    """A topic of two partitions with 3,000 events."""
    name = f"flow-{zlib.crc32(request.node.name.encode())}"
    create_topic(broker, name, 2)
    produce(broker, name, [(number % 2, event(number), START_MS + number * 10) for number in range(3_000)])
    return SourceConfig(broker, name, "test", batch_size=400, batch_wait=timedelta(seconds=0.1))


def test_the_ids_that_stored_state_depends_on_are_frozen(tmp_path: Path) -> None:
    """Who renames a step loses every shard's state, silently: think of a migration before changing this list."""
    source = KafkaSource(SourceConfig("127.0.0.1:1", "events", "group"), SourceHooks(threading.Event()))
    outside = Outside(threading.Event(), 0)
    outlet = Outlet(outside.write, outside.drain, outside.close)
    flow = shard_flow("2/8", source, lambda: Shard(ShardConfig(tmp_path), ROLLUPS, ()), outlet)
    rendered = to_rendered(flow)
    assert rendered.flow_id == "tidegauge"
    assert [operator.step_id for operator in rendered.substeps] == [
        "tidegauge.kafka",
        "tidegauge.shard",
        "tidegauge.sinks",
    ]
    assert part_name(2, 8) == "2/8"
    assert source.list_parts() == ["0/1"]


@pytest.mark.service
def test_stopped_and_started_it_reads_every_record_once_and_gives_the_rows_of_one_life(
    topic: SourceConfig, tmp_path: Path
) -> None:
    whole = Outside(threading.Event(), 3_000)
    assert run(topic, tmp_path / "whole", whole) == []
    first = Outside(threading.Event(), 900)
    assert run(topic, tmp_path / "lives", first) == []
    second = Outside(threading.Event(), 3_000 - first.received, first.tables)
    assert run(topic, tmp_path / "lives", second) == []
    assert 900 <= first.received < 3_000
    assert first.received + second.received == whole.received == 3_000
    assert second.tables.all() == whole.tables.all()
    assert second.drained


@pytest.mark.service
def test_what_a_store_did_not_take_is_given_again(topic: SourceConfig, tmp_path: Path) -> None:
    class Cut(Outside):
        def drain(self) -> None:
            raise ConnectionError("the store was cut off before it acknowledged")

        def close(self) -> None:
            pass

    cut = Cut(threading.Event(), 1_000)
    with pytest.raises(ConnectionError):
        run(topic, tmp_path, cut)
    again = Outside(threading.Event(), 3_000)
    assert run(topic, tmp_path, again) == []
    assert again.received == 3_000
    rows = again.tables.rows(LEDGER.table).values()
    assert sum(row["received"] for row in rows) == sum(row["counted"] for row in rows) == 3_000


@pytest.mark.service
def test_a_topic_made_anew_is_refused_with_the_way_out_and_goes_on_with_a_new_name(
    broker: str, topic: SourceConfig, tmp_path: Path
) -> None:
    assert run(topic, tmp_path, Outside(threading.Event(), 3_000)) == []
    anew = f"{topic.topic}-anew"
    create_topic(broker, anew, 2)
    produce(broker, anew, [(number % 2, event(number), START_MS + number * 10) for number in range(3_000, 3_500)])
    moved = SourceConfig(broker, anew, "test", batch_size=400, batch_wait=timedelta(seconds=0.1))
    (refused,) = run(moved, tmp_path, Outside(threading.Event(), 1))
    assert "is not in the log" in str(refused)
    assert "--log-id" in str(refused)
    named = SourceConfig(broker, anew, "test", log_id="second", batch_size=400, batch_wait=timedelta(seconds=0.1))
    outside = Outside(threading.Event(), 500)
    assert run(named, tmp_path, outside) == []
    assert outside.received == 500
    assert sum(row["counted"] for row in outside.tables.rows(LEDGER.table).values()) >= 500


@pytest.mark.service
def test_a_topic_that_is_not_there_is_refused_with_the_way_out(broker: str, tmp_path: Path) -> None:
    (refused,) = run(SourceConfig(broker, "no-such-topic", "test"), tmp_path, Outside(threading.Event(), 1))
    assert "create it first" in str(refused)
