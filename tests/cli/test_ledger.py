"""`tidegauge ledger`: the sums, the reasons, and the records that expired before anybody read them."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.settings import settings
from pipelines.positions import Gap
from sinks.clickhouse import ClickHouse
from sinks.gaps import TABLE, gap_rows
from tests.endpoint import feed, migrated, running_endpoint
from tests.sql.generated import generated

pytestmark = pytest.mark.service


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClickHouse]:
    with running_endpoint(tmp_path_factory.mktemp("clickhouse")) as url, migrated(url, "told") as store:
        monkeypatch.setenv("TIDEGAUGE_CLICKHOUSE_URL", url)
        monkeypatch.setenv("TIDEGAUGE_DATABASE", "told")
        settings.cache_clear()
        yield store
    settings.cache_clear()


def test_a_gap_is_told_once_with_all_that_is_gone(store: ClickHouse) -> None:
    feed(store, generated(seed=5, count=300))
    before = CliRunner().invoke(app, ["ledger"], env={"COLUMNS": "200"})
    assert before.exit_code == 0, before.output
    assert "it adds up" in before.output
    assert "expired" not in before.output

    # Noted twice after a crash, and longer the second time, since retention went on meanwhile.
    store.insert(TABLE, gap_rows([Gap(3, 1_000, 1_500)]))
    store.insert(TABLE, gap_rows([Gap(3, 1_000, 1_600), Gap(1, 20, 21)]))
    after = CliRunner().invoke(app, ["ledger"], env={"COLUMNS": "200"})
    assert after.exit_code == 0, after.output
    assert "records expired before they were read" in after.output
    rows = [line.split()[:4] for line in after.output.splitlines() if "1,600" in line or line.startswith("1 ")]
    assert ["3", "1,000", "1,600", "600"] in [[cell.strip() for cell in row] for row in rows], after.output
    assert after.output.count("1,600") == 1
    assert "1,500" not in after.output
    assert store.query("SELECT partition, records FROM gaps ORDER BY partition") == [(1, 1), (3, 600)]
