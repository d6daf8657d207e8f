"""The recount says of every table, row for row, what the pipeline writes, and so does neither by the other's code."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.recount.records import Record, Rules
from chaos.recount.recount import TABLES, Expected, recount
from tests.chaos.recount import shard
from tests.chaos.recount.drawn import drawn
from tests.chaos.recount.shard import Streams
from tests.chaos.recount.simulated import simulated
from tests.pipelines.driver import SMALL_BLOCK, small_pieces
from tests.pipelines.tables import declared

KEY = bytes(range(32))
NO_EVENTS = {"gaps_rows"}
"""Tables that hold nothing of what was read: `gaps_rows` is about records that nobody could read."""


def recounted(streams: Streams, rules: Rules, key: bytes | None) -> list[Expected]:
    return [recount(partition, records, rules, key) for partition, records in streams.items()]


def assert_same(expected: list[Expected], found: dict[str, dict[tuple[object, ...], tuple[object, ...]]]) -> None:
    for table in TABLES:
        told = {key: row for own in expected for key, row in own.rows[table.name].items()}
        assert found[table.name].keys() == told.keys(), table.name
        for key, row in told.items():
            assert found[table.name][key] == row, f"{table.name} {key}"


def test_the_recount_knows_every_table_and_every_column_of_it() -> None:
    told = {table.name: table for table in TABLES}
    written = {name: table for name, table in declared().items() if name.endswith("_rows")}
    assert told.keys() == written.keys() - NO_EVENTS
    written = {name: table for name, table in written.items() if name not in NO_EVENTS}
    for name, table in written.items():
        assert set(told[name].columns) == set(table.columns) - {"inserted_at"}
        if table.version is not None:
            assert set(told[name].key) == set(table.key)
        else:
            assert set(told[name].key) == {"partition", "offset"}


@pytest.mark.parametrize(
    ("seed", "partitions", "key", "steps"),
    [(1, 4, KEY, (997,)), (2, 3, None, (61, 500)), (3, 1, KEY, (2_000, 1, 30))],
    ids=["four partitions", "plain ids", "one partition"],
)
def test_the_simulated_world(seed: int, partitions: int, key: bytes | None, steps: tuple[int, ...]) -> None:
    streams = simulated(seed, 20_000, partitions)
    expected = recounted(streams, Rules(), key)
    found, letters = shard.run(streams, Rules(), key, steps)
    assert_same(expected, shard.as_recounted(found))
    totals = sum((own.totals for own in expected), Counter[str]())
    assert totals["received"] == sum(map(len, streams.values()))
    assert all(totals[verdict] > 50 for verdict in ("counted", "late", "duplicate", "rejected"))
    rejects = [
        (*reject.place, reject.reason, reject.detail, reject.payload) for own in expected for reject in own.rejects
    ]
    assert sorted(rejects) == sorted((o.partition, o.offset, o.reason, o.detail, o.payload) for o in letters)


def test_the_simulated_world_has_rows_for_every_table() -> None:
    expected = recounted(simulated(2, 20_000, 4), Rules(), KEY)
    empty = [table.name for table in TABLES if not any(own.rows[table.name] for own in expected)]
    assert empty == []


@given(drawn(), st.sampled_from([KEY, None]), st.booleans(), st.lists(st.integers(1, 12), min_size=1, max_size=5))
@settings(deadline=None, max_examples=80)
def test_whatever_is_sent(streams: Streams, key: bytes | None, strict: bool, steps: list[int]) -> None:
    rules = Rules(block=SMALL_BLOCK, catalog_strict=strict)
    with small_pieces():
        found, _ = shard.run(streams, rules, key, steps)
    assert_same(recounted(streams, rules, key), shard.as_recounted(found))


def test_other_rules() -> None:
    streams = simulated(5, 5_000, 2)
    rules = Rules(lateness=20_000, max_ahead=0, max_age=1_500_000, dedup_horizon=500, max_event_bytes=400)
    found, _ = shard.run(streams, rules, KEY)
    assert_same(recounted(streams, rules, KEY), shard.as_recounted(found))


@pytest.mark.parametrize(
    "wrong",
    [
        Rules(lateness=100),
        Rules(max_ahead=-100),
        Rules(max_age=1_500_000),
        Rules(dedup_horizon=50),
        Rules(max_event_bytes=400),
        Rules(block=1_000),
    ],
)
def test_a_pipeline_that_judges_otherwise_is_told_from_a_right_one(wrong: Rules) -> None:
    streams = simulated(5, 5_000, 2)
    found, _ = shard.run(streams, Rules(), KEY)
    with pytest.raises(AssertionError, match="_rows"):
        assert_same(recounted(streams, wrong, KEY), shard.as_recounted(found))


@pytest.mark.parametrize("records", [[Record(1, 0, 0, b"")], [Record(0, 3, 0, b""), Record(0, 3, 0, b"")]])
def test_records_of_another_partition_or_out_of_order_are_refused(records: list[Record]) -> None:
    with pytest.raises(ValueError, match="partition 0"):
        recount(0, records, Rules(), None)
