"""The way out of Kafka, on a real broker: every record once and in order, and a stop with a way out where that cannot be."""

import pickle
from dataclasses import replace

import pytest

from local.ports import free_port
from pipelines.positions import STATE_VERSION, SourceError, SourceState
from pipelines.source import EndedPartition, KafkaSource, SourceConfig
from tests.pipelines.kafka import START, Told, fill, new_topic, of_shard, offsets, read, reading, source_state, values
from tests.services import produce, running_broker

pytestmark = pytest.mark.service


def test_every_record_comes_once_and_each_partition_in_order(broker: str) -> None:
    config = replace(new_topic(broker, 3), batch_size=400)
    fill(config, range(3_000), 3)
    with reading(config) as partition:
        batches = read(partition, 3_000)
    assert values(batches) == {p: list(range(p, 3_000, 3)) for p in range(3)}
    assert offsets(batches) == {p: list(range(1_000)) for p in range(3)}
    times = {p: [time for b in batches if b.partition == p for time in b.record_times.tolist()] for p in range(3)}
    assert times == {p: list(range(START + p, START + 3_000, 3)) for p in range(3)}


def test_a_record_without_a_value_is_an_empty_one(broker: str) -> None:
    config = new_topic(broker, 1)
    produce(broker, config.topic, [(0, b"1", START), (0, None, START), (0, b"", START), (0, b"2", START)])
    with reading(config) as partition:
        batches = read(partition, 4)
    assert [value for batch in batches for value in batch.values] == [b"1", b"", b"", b"2"]


def test_it_goes_on_where_the_state_stands(broker: str) -> None:
    config = replace(new_topic(broker, 2), batch_size=50)
    fill(config, range(400), 2)
    with reading(config) as partition:
        before = read(partition, 100)
        state: SourceState = pickle.loads(pickle.dumps(partition.snapshot()))  # noqa: S301 - our own bytes
        lost = read(partition, 100)  # after the snapshot: read again by whoever takes it up
    taken = sum(map(len, before))
    with reading(config, state) as partition:
        after = read(partition, 400 - taken)
    assert values(before + after) == {p: list(range(p, 400, 2)) for p in range(2)}
    assert offsets(before + after) == {p: list(range(200)) for p in range(2)}
    assert {n for own in values(lost).values() for n in own} <= {n for own in values(after).values() for n in own}


def test_a_snapshot_does_not_move_on_with_the_reading(broker: str) -> None:
    config = replace(new_topic(broker, 1), batch_size=10)
    fill(config, range(50), 1)
    with reading(config) as partition:
        read(partition, 10)
        state = partition.snapshot()
        kept = pickle.dumps(state)
        read(partition, 10)
        assert pickle.dumps(state) == kept


def test_shards_share_the_partitions_out(broker: str) -> None:
    config = new_topic(broker, 5)
    fill(config, range(100), 5)
    found: dict[int, list[int]] = {}
    for shard, own in ((0, {0, 3}), (1, {1, 4}), (2, {2})):
        with reading(of_shard(config, shard, 3)) as partition:
            found |= (batches := values(read(partition, 20 * len(own))))
            assert set(batches) == own
    assert found == {p: list(range(p, 100, 5)) for p in range(5)}


def test_a_shard_without_partitions_reads_nothing(broker: str) -> None:
    with reading(of_shard(new_topic(broker, 1), 1, 2)) as partition:
        assert list(partition.next_batch()) == []
        assert partition.snapshot()["positions"] == {}


def test_an_offset_that_the_log_does_not_hold_stops_the_reading_and_keeps_the_state(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a topic was made anew, or a memory-only broker came back empty."""
    monkeypatch.setattr("pipelines.source.BEYOND_END_SECONDS", 0.0)
    config = new_topic(broker, 2)
    fill(config, range(20), 2)
    state = source_state({0: (10, 0), 1: (5_000, 0)})
    told = Told()
    with reading(config, state, told) as partition:
        with pytest.raises(StopIteration):
            read(partition, 1)
        assert partition.snapshot()["positions"] == state["positions"]
    (failure,) = told.failures
    assert f"{config.topic}[1]: offset 5000 is not in the log" in str(failure)
    assert "--log-id" in str(failure)


def test_a_log_that_ends_too_early_for_a_moment_is_waited_for() -> None:
    """On the embedded broker, which says nothing of such an offset; Kafka answers it with an error, which stops the reading."""
    told = Told()
    with running_broker() as embedded:
        config = new_topic(embedded, 1)
        fill(config, range(10), 1)
        _waited_for(config, told)
    assert told.failures == []


def _waited_for(config: SourceConfig, told: Told) -> None:
    with reading(config, source_state({0: (12, 0)}), told) as partition:
        assert [list(partition.next_batch()) for _ in range(3)] == [[]] * 3
        fill(config, range(10, 20), 1)
        assert values(read(partition, 8)) == {0: list(range(12, 20))}


def test_a_topic_made_anew_is_read_from_its_beginning_and_stream_offsets_go_on(broker: str) -> None:
    config = new_topic(broker, 2)
    fill(config, range(30), 2)
    state = source_state({0: (5_000, 100), 1: (7, 0)}, log_id="first")
    anew = replace(config, log_id="second")
    with reading(anew, state) as partition:
        batches = read(partition, 30)
        taken = partition.snapshot()
    assert values(batches) == {p: list(range(p, 30, 2)) for p in range(2)}
    assert offsets(batches) == {0: list(range(5_100, 5_115)), 1: list(range(7, 22))}
    # The next start is an ordinary one.
    fill(config, range(30, 34), 2)
    with reading(anew, taken) as partition:
        assert offsets(read(partition, 4)) == {0: [5_115, 5_116], 1: [22, 23]}


def test_a_partition_that_was_added_is_read_from_its_beginning(broker: str) -> None:
    config = new_topic(broker, 2)
    fill(config, range(20), 2)
    state = source_state({0: (8, 0)})
    with reading(config, state) as partition:
        assert values(read(partition, 12)) == {0: [16, 18], 1: list(range(1, 20, 2))}


def test_a_state_of_another_version_is_refused_and_kept(broker: str) -> None:
    config, told = new_topic(broker, 1), Told()
    state: SourceState = {**source_state({}), "version": STATE_VERSION + 1}
    built = KafkaSource(config, told.hooks()).build_part("kafka", "0/1", state)
    assert isinstance(built, EndedPartition)
    assert built.snapshot() == state
    with pytest.raises(StopIteration):
        built.next_batch()
    assert f"version {STATE_VERSION + 1}, this program reads up to {STATE_VERSION}" in str(told.failures[0])


def test_a_missing_topic_is_said_with_what_to_do(broker: str) -> None:
    config = replace(new_topic(broker, 1), topic="no-such-topic")
    with pytest.raises(SourceError, match=r"no-such-topic.*create it first"), reading(config):
        pass


def test_a_missing_broker_is_said_with_what_to_do(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.topic.BROKER_TIMEOUT", 0.3)
    address = f"127.0.0.1:{free_port()}"
    config = replace(new_topic(broker, 1), bootstrap_servers=address)
    with pytest.raises(SourceError) as caught, reading(config):
        pass
    assert f"no Kafka broker answers at {address}" in str(caught.value)
    assert "tidegauge up" in str(caught.value)
    assert "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS" in str(caught.value)


def test_the_stop_flag_ends_the_reading(broker: str) -> None:
    config, told = new_topic(broker, 1), Told()
    fill(config, range(10), 1)
    with reading(config, told=told) as partition:
        read(partition, 10)
        told.stopping.set()
        with pytest.raises(StopIteration):
            partition.next_batch()
        assert partition.snapshot()["positions"] == {0: {"next": 10, "base": 0}}
    assert told.failures == []


def test_it_says_what_waits_even_while_no_step_is_taken(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.topic.ENDS_SECONDS", 0.05)
    config, told = replace(new_topic(broker, 2), batch_size=10), Told()
    fill(config, range(1_000), 2)
    with reading(config, told=told) as partition:
        taken = sum(map(len, read(partition, 10)))
        told.wait_for_lag(lambda lag: sum(lag.values()) >= 980 - taken)
        fill(config, range(1_000, 1_500), 2)
        told.wait_for_lag(lambda lag: sum(lag.values()) >= 1_450 - taken)
        assert sum(told.lags[-1].values()) <= 1_500 - taken
        read(partition, 1_500 - taken)
        told.wait_for_lag(lambda lag: lag == {0: 0, 1: 0})


def test_it_says_when_a_snapshot_has_become_durable(broker: str) -> None:
    config, told = replace(new_topic(broker, 1), batch_size=10), Told()
    fill(config, range(1_000), 1)
    with reading(config, told=told) as partition:
        read(partition, 10)
        assert told.durable == 0
        partition.snapshot()
        assert told.durable == 0
        read(partition, 10)
        assert told.durable == 1
        read(partition, 10)
        assert told.durable == 1
