"""A real A/B test, from its file through the mapping and the pipeline to the results: every figure is that of the file itself.

The data set (90,189 players of a mobile game) is not part of this repository; it is looked for beside the checkout, or where
TIDEGAUGE_TEST_DATA says.
"""

import csv
import gzip
import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from local.producer import Record
from local.replay.drafts import ForeignRecords
from local.replay.mapping import read_mapping
from local.replay.reading import SourceFile
from local.replay.replay import in_order
from sinks.clickhouse import ClickHouse
from tests.endpoint import feed

pytestmark = pytest.mark.service

REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("TIDEGAUGE_TEST_DATA", REPOSITORY.parent / "shared" / "data")) / "cookie_cats.csv.gz"
DAY_MS = 86_400_000
VARIANTS = {"gate_30": "control", "gate_40": "treatment"}


@dataclass
class Arm:
    """What the file says of one variant."""

    rounds: list[int]
    day_1: int = 0
    day_7: int = 0

    @property
    def mean(self) -> Fraction:
        return Fraction(sum(self.rounds), len(self.rounds))

    @property
    def variance(self) -> Fraction:
        total, squares, count = sum(self.rounds), sum(n * n for n in self.rounds), len(self.rounds)
        return (squares - Fraction(total * total, count)) / (count - 1)


@pytest.fixture(scope="module")
def arms() -> dict[str, Arm]:
    if not DATA.exists():
        pytest.skip(f"the real data is not here: {DATA.name}")
    found = {variant: Arm([]) for variant in VARIANTS.values()}
    with gzip.open(DATA, "rt", encoding="utf-8-sig") as file:
        for player in csv.DictReader(file):
            arm = found[VARIANTS[player["version"]]]
            arm.rounds.append(int(player["sum_gamerounds"]))
            arm.day_1 += player["retention_1"] == "TRUE"
            arm.day_7 += player["retention_7"] == "TRUE"
    return found


def replayed() -> Iterator[Record]:
    """Give the events of the file in the order of their times, the first of them 20 days ago."""
    mapping = read_mapping(REPOSITORY / "mappings" / "cookie_cats.toml")
    start_ms = datetime.fromisoformat(mapping.time.start or "").timestamp() * 1000
    shift_ms = int(time.time() * 1000 - 20 * DAY_MS - start_ms)
    translate = ForeignRecords(mapping)
    with closing(SourceFile(str(DATA))) as source:
        drafts = (translate(line, row, shift_ms) for row, line in enumerate(source.lines()))
        for time_ms, key, value in in_order(drafts):
            yield key, value, time_ms


@pytest.fixture(scope="module")
def fed(store: ClickHouse, arms: dict[str, Arm]) -> ClickHouse:
    feed(store, replayed())
    return store


def results(store: ClickHouse, goal: str, hours: int) -> dict[str, dict[str, Any]]:
    columns, rows = store.table(
        f"SELECT * FROM experiment_results(experiment = 'gate', goal = '{goal}', window_hours = {hours})"
    )
    return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}


def test_the_file_is_the_known_one(arms: dict[str, Arm]) -> None:
    assert [(len(arm.rounds), arm.day_1, arm.day_7) for arm in arms.values()] == [
        (44_700, 20_034, 8_502),
        (45_489, 20_119, 8_279),
    ]


def test_every_player_is_a_unit_of_one_variant(fed: ClickHouse, arms: dict[str, Arm]) -> None:
    assert fed.query("SELECT sum(received), sum(counted) FROM ledger") == [(237_312, 237_312)]
    found = results(fed, "goal.retention_1", 24)
    assert {variant: (row["units"], row["units_in_two"]) for variant, row in found.items()} == {
        variant: (len(arm.rounds), 0) for variant, arm in arms.items()
    }


@pytest.mark.parametrize(
    ("goal", "hours", "day"), [("goal.retention_1", 24, "day_1"), ("goal.retention_7", 168, "day_7")]
)
def test_conversions_at_the_end_of_the_window_count(
    fed: ClickHouse, arms: dict[str, Arm], goal: str, hours: int, day: str
) -> None:
    inside, outside = results(fed, goal, hours), results(fed, goal, hours - 1)
    for variant, arm in arms.items():
        assert inside[variant]["conversions"] == inside[variant]["goals"] == getattr(arm, day)
        assert inside[variant]["rate"] == getattr(arm, day) / len(arm.rounds)
        assert outside[variant]["conversions"] == 0


def test_mean_and_variance_of_a_numeric_goal(fed: ClickHouse, arms: dict[str, Arm]) -> None:
    found = results(fed, "goal.gamerounds", 14 * 24)
    for variant, arm in arms.items():
        row = found[variant]
        assert row["value_sum"] == sum(arm.rounds)
        assert row["value_sum_squares"] == sum(n * n for n in arm.rounds)
        assert row["value_mean"] == pytest.approx(float(arm.mean), rel=1e-14)
        assert row["value_variance"] == pytest.approx(float(arm.variance), rel=1e-12)
        assert (row["before_mean"], row["before_variance"], row["before_covariance"]) == (0, 0, 0)


def test_the_live_line_ends_at_the_results(fed: ClickHouse, arms: dict[str, Arm]) -> None:
    last = fed.query(
        "SELECT variant, max(units_so_far), max(conversions_so_far), sum(new_units), sum(conversions)"
        " FROM experiment_conversions(experiment = 'gate', goal = 'goal.retention_1') GROUP BY variant ORDER BY variant"
    )
    assert last == [(v, len(arm.rounds), arm.day_1, len(arm.rounds), arm.day_1) for v, arm in sorted(arms.items())]
