"""The dataflow around a shard: ids that stored state is found by, exact stops, and nothing durable before it is stored."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from bytewax.dataflow import Dataflow
from bytewax.visualize import RenderedOperator, to_rendered

from pipelines.archive import ARCHIVE
from pipelines.dataflow import Outlet, run_flow, shard_flow
from pipelines.flush import Flush
from pipelines.ledger import LEDGER
from pipelines.operations import OPERATIONS
from pipelines.shard import Shard, ShardConfig
from pipelines.source import KafkaSource, SourceConfig, SourceHooks, part_name
from tests.pipelines.kafka import START, new_topic
from tests.pipelines.streams import GOOD, value_of
from tests.pipelines.tables import Tables
from tests.services import produce

GOLDEN = Path(__file__).parent / "golden" / "topology.json"
PARTITIONS = 2
EACH_STEP = timedelta(0)
"""An epoch, and so a snapshot, after every step."""


@dataclass
class Run:
    """One run of the flow, with an outlet in memory that notes what is asked of it.

    Attributes:
        until: asked after every step; the run is told to stop when it says so.
        calls: `write`, `drain`, `durable` and `close`, in their order.
    """

    config: SourceConfig
    folder: Path
    tables: Tables
    until: Callable[["Run"], bool] = lambda run: False
    interval: timedelta = EACH_STEP
    received: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    calls: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    fails_in: str = ""
    is_away: bool = False

    def flow(self) -> Dataflow:
        hooks = SourceHooks(self.stopping, on_durable=lambda: self.calls.append("durable"))
        outlet = Outlet(self._write, lambda: self._note("drain"), lambda: self._note("close"))
        return shard_flow(self._part, KafkaSource(self.config, hooks), self._shard, outlet)

    def go(self) -> "Run":
        """Run until told to stop."""
        run_flow(self.flow(), self._part, self.folder / "bytewax", self.interval)
        return self

    @property
    def _part(self) -> str:
        return part_name(self.config.shard, self.config.shards)

    def _shard(self) -> Shard:
        return Shard(ShardConfig(self.folder / "ids"), (OPERATIONS, LEDGER), (ARCHIVE,))

    def _write(self, flush: Flush) -> None:
        self._note("write")
        self.tables.write(flush.rows)
        self.received += flush.received
        self.verdicts.update(flush.verdicts)
        if self.until(self):
            self.stopping.set()

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self.is_away |= call == self.fails_in
        # What a write could not store no drain may call stored, however soon after it comes.
        if self.is_away and call != "close":
            raise OSError("the store is away")


def fill(config: SourceConfig, numbers: range) -> None:
    """Send events that each have an id of their own, a second apart."""
    produce(
        config.bootstrap_servers,
        config.topic,
        [(n % PARTITIONS, value_of(GOOD[n % 3], f"m-{n}", START + n * 1000), START + n * 1000) for n in numbers],
    )


def everything_written(run: Run, records: int) -> bool:
    return len(run.tables.rows("events_rows")) == records


def assert_exact(tables: Tables, records: int) -> None:
    """Each record is archived once, and the ledger and the operations count all of them and no more."""
    archived = Counter((row["partition"], row["offset"]) for row in tables.rows("events_rows").values())
    assert archived == Counter((p, o) for p in range(PARTITIONS) for o in range(records // PARTITIONS))
    ledger = tables.rows("ledger_rows").values()
    assert sum(row["counted"] for row in ledger) == sum(row["received"] for row in ledger) == records
    assert sum(row["count"] for row in tables.rows("operations_rows").values()) == records


def test_the_ids_that_stored_state_is_found_by_never_change(tmp_path: Path) -> None:
    """A renamed flow or step silently loses its state: change the golden file only with a way for the state to follow."""
    config = SourceConfig("127.0.0.1:1", "events", "tests", shard=1, shards=4)
    rendered = to_rendered(Run(config, tmp_path, Tables()).flow())
    source = KafkaSource(config, SourceHooks(threading.Event()))
    found = {"flow": rendered.flow_id, "steps": [_step(s) for s in rendered.substeps], "parts": source.list_parts()}
    assert found == json.loads(GOLDEN.read_text())


def _step(step: RenderedOperator) -> dict[str, object]:
    ups = [stream for port in step.inp_ports for stream in port.from_stream_ids]
    return {"id": step.step_id, "operator": step.op_type, "from": ups}


@pytest.mark.service
def test_a_stopped_run_and_the_next_are_as_one(broker: str, tmp_path: Path) -> None:
    config, tables = replace(new_topic(broker, PARTITIONS), batch_size=40), Tables()
    fill(config, range(600))
    first = Run(config, tmp_path, tables, until=lambda run: run.received >= 200).go()
    assert 200 <= first.received < 600
    fill(config, range(600, 1_000))
    second = Run(config, tmp_path, tables, until=lambda run: everything_written(run, 1_000)).go()
    assert second.received == 1_000 - first.received
    assert first.verdicts + second.verdicts == Counter(counted=1_000)
    assert_exact(tables, 1_000)
    # Nothing is left: a third run only stops.
    third = Run(config, tmp_path, tables)
    third.stopping.set()
    assert third.go().received == 0


@pytest.mark.service
@pytest.mark.parametrize("interval", [EACH_STEP, timedelta(minutes=10)])
def test_a_run_that_fails_is_made_good_by_the_next(broker: str, tmp_path: Path, interval: timedelta) -> None:
    """What was written since the last snapshot is read again, and overwrites itself."""
    config, tables = replace(new_topic(broker, PARTITIONS), batch_size=40), Tables()
    fill(config, range(400))

    def store_fails(run: Run) -> bool:
        run.fails_in = "write" if run.received >= 200 else ""
        return False

    failing = Run(config, tmp_path, tables, until=store_fails, interval=interval)
    with pytest.raises(OSError, match="the store is away"):
        failing.go()
    second = Run(config, tmp_path, tables, until=lambda run: _all_told(run, 400)).go()
    assert second.verdicts["duplicate"] == 0
    assert_exact(tables, 400)


def _all_told(run: Run, records: int) -> bool:
    told: int = sum(row["received"] for row in run.tables.rows("ledger_rows").values())
    return told == records


@pytest.mark.service
def test_nothing_is_durable_before_the_outlet_has_stored_it(broker: str, tmp_path: Path) -> None:
    config = replace(new_topic(broker, PARTITIONS), batch_size=40)
    fill(config, range(200))
    run = Run(config, tmp_path, Tables(), until=lambda run: everything_written(run, 200)).go()
    assert run.calls.count("write") >= 5
    assert run.calls.count("durable") >= 2
    stored = True
    for call in run.calls:
        if call == "write":
            stored = False
        elif call in ("drain", "close"):
            stored = True
        elif call == "durable":
            assert stored, run.calls
    assert run.calls[-1] == "close"


@pytest.mark.service
def test_what_the_outlet_could_not_store_is_not_durable(broker: str, tmp_path: Path) -> None:
    """A drain that fails keeps its epoch from becoming durable: the next run reads all of it again."""
    config = new_topic(broker, PARTITIONS)
    fill(config, range(100))
    failing = Run(config, tmp_path, Tables(), until=lambda run: _fail_drains(run))
    with pytest.raises(OSError, match="the store is away"):
        failing.go()
    assert failing.received > 0
    tables = Tables()
    again = Run(config, tmp_path, tables, until=lambda run: everything_written(run, 100)).go()
    assert again.received == 100
    assert_exact(tables, 100)


def _fail_drains(run: Run) -> bool:
    run.fails_in = "drain"
    return False
