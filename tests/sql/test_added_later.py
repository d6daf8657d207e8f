"""A rollup that is added to a running database: it begins with what comes, and a replay of the topic makes it whole."""

import time

import pytest

from cli.recount import Period, compare
from pipelines.archive import ARCHIVE
from pipelines.rollups import FACTS, ROLLUPS
from pipelines.searches import SEARCHES
from pipelines.to_sql import facts_comparison, rollup_comparison
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed
from tests.sql.generated import generated

pytestmark = pytest.mark.service

NOW_MS = int(time.time() * 1000)
EVERYTHING = Period(0, NOW_MS + 10**9, NOW_MS + 10**9)


def test_a_replay_makes_a_later_rollup_whole_and_changes_no_other(store: ClickHouse) -> None:
    records = list(generated(seed=23, count=2_000))
    feed(store, records, [rollup for rollup in ROLLUPS if rollup is not SEARCHES])
    before = compare(store, rollup_comparison(SEARCHES), EVERYTHING)
    assert (before.stored, before.differing) == (0, before.rows)
    assert before.recounted > 0
    feed(store, records)
    comparisons = [rollup_comparison(rollup) for rollup in ROLLUPS]
    comparisons += [facts_comparison(facts) for facts in FACTS if facts is not ARCHIVE]
    findings = [compare(store, comparison, EVERYTHING) for comparison in comparisons]
    assert [finding.comparison.name for finding in findings if finding.differing or not finding.rows] == []
