"""The laws of a shard: batches, stops and crashes change no figure, and every figure is that of a plain recount."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.pipelines.driver import (
    SMALL_BLOCK,
    AllRows,
    as_told,
    expected,
    in_order,
    pipeline,
    small_pieces,
    undisturbed,
    with_duplicates,
)
from tests.pipelines.oracle import DAY, Rules, recount
from tests.pipelines.streams import Plan, Streams, plans, streams

LAW = settings(deadline=None, max_examples=40, phases=set(Phase) - {Phase.explain})
RULES = st.builds(
    Rules,
    lateness=st.sampled_from((300_000, 300_000, 5_000, 0)),
    horizon=st.sampled_from((900_000, 900_000, 60_000)),
    block=st.just(SMALL_BLOCK),
)


@pytest.fixture(autouse=True, scope="module")
def _small_pieces() -> Iterator[None]:
    with small_pieces():
        yield


@given(streams(), RULES, plans())
@LAW
def test_every_figure_is_that_of_a_plain_recount(streams: Streams, rules: Rules, plan: Plan) -> None:
    told = expected(recount(in_order(streams), rules))
    assert as_told(undisturbed(streams, rules, plan), told) == told


@given(streams(), RULES, plans())
@LAW
def test_no_cut_into_steps_changes_a_figure(streams: Streams, rules: Rules, plan: Plan) -> None:
    one_by_one = undisturbed(streams, rules, [(1, 1, 1)])
    assert undisturbed(streams, rules, plan) == one_by_one
    assert undisturbed(streams, rules) == one_by_one


@given(streams(), RULES)
@LAW
def test_partitions_do_not_know_of_each_other(streams: Streams, rules: Rules) -> None:
    together = undisturbed(streams, rules)
    alone = [undisturbed({partition: own}, rules) for partition, own in streams.items() if partition == 0]
    for table, rows in alone[0].items():
        assert rows == {key: row for key, row in together[table].items() if row["partition"] == 0}


@given(streams(), RULES, plans(), st.lists(st.booleans(), min_size=1, max_size=8))
@LAW
def test_stop_and_resume_is_as_never_stopped(streams: Streams, rules: Rules, plan: Plan, stops: list[bool]) -> None:
    with pipeline(streams, rules) as run:
        for number in range(10_000):
            if not run.left:
                break
            run.step(plan[number % len(plan)])
            if stops[number % len(stops)]:
                run.resume(run.save())
        assert run.finish() == undisturbed(streams, rules)


@given(streams(), RULES, plans(4), plans(9), st.lists(st.integers(0, 7), min_size=1, max_size=5))
@LAW
def test_crash_and_replay_is_as_never_crashed(
    streams: Streams, rules: Rules, before: Plan, after: Plan, crashes: list[int]
) -> None:
    """Steps until a crash, then on from a snapshot that may be some steps old, with other cuts; and again."""
    with pipeline(streams, rules) as run:
        saved = [run.save()]
        for crash in crashes:
            for number in range(crash):
                if run.left:
                    run.step(before[number % len(before)])
                    saved.append(run.save())
            # The newest snapshot may not have become durable; what was newer than it is gone.
            saved = saved[: max(len(saved) - crash // 2, 1)]
            run.resume(saved[-1])
            before, after = after, before
        assert run.finish(after) == undisturbed(streams, rules)


@given(
    streams(retries=False, bad=False),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12),
    plans(),
)
@LAW
def test_duplicates_change_nothing(streams: Streams, copies: list[tuple[int, int]], plan: Plan) -> None:
    rules = Rules(horizon=800 * DAY, max_ahead=800 * DAY, max_age=800 * DAY)
    original = {0: with_duplicates(streams[0], [])}
    repeated = {0: with_duplicates(streams[0], copies)}
    with pipeline(original, rules) as plain, pipeline(repeated, rules) as run:
        once, again = plain.finish(plan), run.finish(plan)
        assert run.verdicts == plain.verdicts + Counter(duplicate=len(copies))
    # Late blocks are counted by offsets, which move; the views sum over them.
    for table in ("operations_rows", "errors_rows"):
        assert summed(again, table) == summed(once, table)


@given(streams(), RULES, plans())
@LAW
def test_what_goes_in_comes_out_in_one_of_four_places(streams: Streams, rules: Rules, plan: Plan) -> None:
    with pipeline(streams, rules) as run:
        tables = run.finish(plan)
    ledger = tables["ledger_rows"].values()
    columns = ("counted", "duplicate", "rejected", "late")
    assert all(row["received"] == sum(row[name] for name in columns) for row in ledger)
    assert sum(row["received"] for row in ledger) == len(in_order(streams))
    found = {name: sum(row[name] for row in ledger) for name in columns}
    assert found == {name: run.verdicts[name] for name in columns}
    archived, rejected = tables.get("events_rows", {}), tables.get("rejected_events_rows", {})
    assert len(archived) == found["counted"] + found["late"]
    assert sum(row["late"] for row in archived.values()) == found["late"]
    assert len(rejected) == found["rejected"]
    operations = tables.get("operations_rows", {}).values()
    assert sum(row["count"] for row in operations) == len(archived)


def summed(tables: AllRows, table: str) -> Counter[tuple[object, ...]]:
    """Count events by window and dimensions, over partitions and late blocks."""
    total: Counter[tuple[object, ...]] = Counter()
    for key, row in tables.get(table, {}).items():
        total[key[:-2]] += row["count"]
    return total
