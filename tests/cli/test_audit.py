"""`tidegauge audit`: what it prints and how it exits, on tables of its own."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.settings import settings
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed, migrated, running_endpoint
from tests.sql.generated import generated

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    with running_endpoint(tmp_path_factory.mktemp("clickhouse")) as url, migrated(url, "audited") as store:
        feed(store, generated(seed=11, count=1_500))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TIDEGAUGE_CLICKHOUSE_URL", url)
            patch.setenv("TIDEGAUGE_DATABASE", "audited")
            # Nothing runs here that a row could wait for.
            patch.setattr("cli.audit.time.sleep", lambda seconds: None)
            settings.cache_clear()
            yield store
        settings.cache_clear()


def audit(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments], env={"COLUMNS": "200"})


def test_all_agree_after_an_undisturbed_run(store: ClickHouse) -> None:
    result = audit("--all")
    assert result.exit_code == 0, result.output
    assert "no difference in" in result.output
    assert all(name in result.output for name in ("operations", "db_queries", "data_access", "ledger"))


def test_a_difference_is_shown_and_fails(store: ClickHouse) -> None:
    probes = "SELECT * REPLACE (answered + 1 AS answered, version + 1 AS version) FROM availability_rows FINAL"
    store.command("CREATE TABLE kept ENGINE = Memory AS SELECT * FROM availability_rows FINAL")
    store.command(f"INSERT INTO availability_rows {probes} LIMIT 1")
    result = audit("availability", "cache_access")
    for statement in (
        "TRUNCATE TABLE availability_rows",
        "INSERT INTO availability_rows SELECT * FROM kept",
        "DROP TABLE kept",
    ):
        store.command(statement)
    assert result.exit_code == 1, result.output
    assert "availability: differing rows, 1 of 1" in result.output
    assert "1 of 2 differ" in result.output


def test_a_period_is_kept_to(store: ClickHouse) -> None:
    result = audit("operations", "--until", "2020-01-01")
    assert result.exit_code == 0
    assert "no difference in 0 rows" in result.output


def test_what_the_archive_lacks_since_an_erasure_is_not_judged(store: ClickHouse) -> None:
    store.command("INSERT INTO erasures VALUES ('p', 'p', now64(3), now64(3) - INTERVAL 30 MINUTE)")
    result = audit("errors")
    store.command("TRUNCATE TABLE erasures")
    assert result.exit_code == 0
    assert "does not hold all of what was before: errors" in result.output
    assert "no difference in 0 rows" in result.output


@pytest.mark.parametrize("arguments", [(), ("operation",), ("--all", "--since", "yesterday")])
def test_a_wrong_command_line_is_refused(store: ClickHouse, arguments: tuple[str, ...]) -> None:
    result = audit(*arguments)
    assert result.exit_code == 2
