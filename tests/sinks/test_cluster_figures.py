"""Every view over tables that are split over two shards says what it says on one server, by the engine's own plans."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.recount import _days_kept
from local.simulator.impurities import Impurities
from local.simulator.simulator import Plan, Simulator
from sinks.clickhouse import ClickHouse, StoreRefusedError
from sinks.cluster import CLUSTER_SETTINGS, LOCAL, on_cluster
from sinks.described import described
from sinks.erasure import Erasure
from sinks.migrations import SQL, migrate
from sinks.retention import changes
from tests.endpoint import feed, migrated, running_endpoint
from tests.split_endpoint import CLUSTER, split

PLAN = Plan(
    datetime(2026, 3, 30, tzinfo=UTC).timestamp(),
    seed=5,
    users=25,
    days=2,
    impurities=Impurities(duplicates=0.01, late=0.02, malformed=0.01),
)
ANSWERS = {
    "journey": "'first_estimate'",
    "hours": "24",
    "flag": "'new-editor'",
    "experiment": "'search_ranking'",
    "goal": "'find_item'",
    "window_hours": "24",
    "period": "'week'",
    "currency": "'EUR'",
    "since": "'2026-03-30 00:00:00'",
    "until": "'2026-04-03 00:00:00'",
}
"""For the parameters of views: what there is in the simulated world."""
EMPTY = {"gaps", "guidance", "journey_exits", "satisfaction"}
"""Views that have nothing to say of so small a world."""
VIEWS = [path.stem for path in sorted((SQL / "views").glob("*.sql"))]


class WithoutKeeper:
    """Runs what is rendered for a cluster where there is no Keeper: on this node, with engines that are not replicated."""

    def __init__(self, store: ClickHouse) -> None:
        self._store = store

    def command(self, statement: str) -> Any:
        for made in on_cluster(statement, CLUSTER):
            here = re.sub(
                r"Replicated(\w+)\('[^']*', '[^']*'(?:, )?", r"\1(", made.replace(f" ON CLUSTER '{CLUSTER}'", "")
            )
            self._store.command(re.sub(r"\nTTL .+ DAY$", "", here))

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        return self._store.query(statement)


@dataclass(frozen=True, slots=True)
class Both:
    """The same rows on one server and on two shards."""

    single: ClickHouse
    shards: ClickHouse
    whole: ClickHouse
    """The shards' tables by a connection that does not split them: each shard has every row."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with (
        running_endpoint(tmp_path_factory.mktemp("split"), "tests.split_endpoint") as url,
        migrated(url, "single") as single,
    ):
        feed(single, (record for batch in Simulator(PLAN).events() for record in batch))
        single.command("INSERT INTO hourly_rates (valid_from, amount, currency) VALUES ('2026-03-01', 50, 'EUR')")
        single.command(
            "INSERT INTO costs (month, kind, amount, currency) VALUES ('2026-03-01', 'one_time', 20000, 'EUR')"
        )
        single.command("CREATE DATABASE shards")
        whole = ClickHouse(url, "default", "", "shards", server_settings=CLUSTER_SETTINGS)
        list(migrate(WithoutKeeper(whole)))
        tables = [
            name
            for (name,) in single.query(
                "SELECT name FROM system.tables WHERE database = 'single' "
                "AND engine LIKE '%MergeTree' AND name != 'schema_migrations'"
            )
        ]
        for name in tables:
            target = name + LOCAL if name.endswith("_rows") else name
            # Every version of every row, as it was written; merges take care of themselves.
            whole.command(f"INSERT INTO {target} SELECT * FROM single.{name}")
        settings = split([f"shards.{name}{LOCAL}" for name in tables if name.endswith("_rows")])
        shards = ClickHouse(url, "default", "", "shards", server_settings={**CLUSTER_SETTINGS, **settings})
        yield Both(single, shards, whole)
        shards.close()
        whole.close()


def asked(name: str) -> str:
    parameters = described(SQL / "views" / f"{name}.sql").parameters
    given = ", ".join(f"{parameter} = {ANSWERS[parameter]}" for parameter in parameters)
    return f"SELECT * FROM {name}" + (f"({given})" if given else "")


def rows(store: ClickHouse, query: str) -> list[str]:
    """Give rows in a settled order; sums of floating-point numbers differ in their last digits with their order."""
    return sorted(repr(_rounded(row)) for row in store.query(query))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, tuple | list):
        return tuple(_rounded(item) for item in value)
    return sorted(value.items()) if isinstance(value, dict) else value


@pytest.mark.service
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_says_the_same(both: Both, name: str) -> None:
    expected = rows(both.single, asked(name))
    assert rows(both.shards, asked(name)) == expected
    assert expected or name in EMPTY


@pytest.mark.service
def test_both_shards_were_asked_and_each_has_its_own_rows(both: Both) -> None:
    found = both.shards.query(
        "SELECT shardNum(), groupUniqArray(partition % 2), sum(count) FROM operations_rows FINAL GROUP BY 1"
    )
    assert sorted((shard, parity) for shard, parity, _ in found) == [(1, [0]), (2, [1])]
    assert min(count for *_, count in found) > 1_000


@pytest.mark.service
def test_versions_of_a_row_on_two_shards_would_count_twice(both: Both) -> None:
    """What the sharding key is for: where both shards have the rows, FINAL cannot help."""
    once = both.single.query("SELECT sum(count) FROM operations")
    assert both.shards.query("SELECT sum(count) FROM operations") == once
    assert both.whole.query("SELECT sum(count) FROM operations") == [(2 * once[0][0],)]


@pytest.mark.service
def test_whoever_joins_two_split_tables_is_refused_without_the_setting_of_joins(both: Both) -> None:
    query = (
        "SELECT count() FROM experiment_goals_rows AS g FINAL INNER JOIN "
        "(SELECT DISTINCT unit FROM experiment_exposures_rows) AS e ON e.unit = g.unit"
    )
    assert both.shards.query(query) == both.single.query(query)
    assert both.shards.query(query)[0][0] > 0
    with pytest.raises(StoreRefusedError, match="Double-distributed"):
        both.shards.query(f"{query} SETTINGS distributed_product_mode = 'deny'")


@pytest.mark.service
def test_an_insert_goes_through_the_front_table_and_is_stored_when_it_is_answered(both: Both) -> None:
    before = both.whole.query("SELECT count() FROM searches_rows_local")[0][0]
    both.whole.command("INSERT INTO searches_rows SELECT * FROM single.searches_rows LIMIT 20")
    assert both.whole.query("SELECT count() FROM searches_rows_local")[0][0] == before + 20


@pytest.mark.service
def test_how_long_a_split_table_keeps_its_rows_is_found_by_its_own_name(both: Both) -> None:
    table = "(time DateTime, partition UInt32) ENGINE = MergeTree ORDER BY partition TTL time + INTERVAL 7 DAY"
    both.whole.command(f"CREATE TABLE kept_rows_local {table}")
    both.whole.command(
        "CREATE TABLE kept_rows AS kept_rows_local ENGINE = Distributed('tide', 'shards', 'kept_rows_local')"
    )
    try:
        assert _days_kept(both.whole, "kept_rows") == 7
        assert [str(change) for change in changes(both.whole, {"default": 7, "kept_rows": 9})] == [
            "kept_rows: 7 -> 9 days"
        ]
    finally:
        both.whole.command("DROP TABLE kept_rows")
        both.whole.command("DROP TABLE kept_rows_local")


@pytest.mark.service
def test_an_erasure_looks_into_every_split_table_once(both: Both) -> None:
    tables = set(Erasure(both.single, "p", "u-1").count())
    assert len(tables) > 10
    assert set(Erasure(both.shards, "p", "u-1").count()) == tables


@pytest.mark.service
def test_an_erasure_counts_the_rows_of_all_shards(both: Both) -> None:
    (person,) = both.single.query("SELECT unit FROM unit_activity GROUP BY unit ORDER BY sum(events) DESC LIMIT 1")[0]
    counted = Erasure(both.single, person, person).count()
    assert counted["events_rows"] > 0
    found = Erasure(both.shards, person, person).count()
    assert found["events_rows"] == counted["events_rows"]


def test_every_parameter_has_an_answer() -> None:
    paths: list[Path] = [SQL / "views" / f"{name}.sql" for name in VIEWS]
    assert {parameter for path in paths for parameter in described(path).parameters} == set(ANSWERS)
