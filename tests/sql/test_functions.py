"""The statistics that views call: published values, and how often their intervals hold the truth."""

import numpy as np
import pyarrow as pa
import pytest

from sinks.clickhouse import ClickHouse

pytestmark = pytest.mark.service
SAMPLES = 4_000


def ask(store: ClickHouse, expression: str) -> object:
    return store.query(f"SELECT {expression}")[0][0]


@pytest.mark.parametrize(
    ("expression", "published"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998): single proportions (table I), differences (table II, example a and b)
        ("wilson_low(81, 263)", 0.2553),
        ("wilson_high(81, 263)", 0.3662),
        ("wilson_low(15, 148)", 0.0624),
        ("wilson_high(15, 148)", 0.1605),
        ("wilson_low(0, 20)", 0.0),
        ("wilson_high(0, 20)", 0.1611),
        ("newcombe_low(56, 70, 48, 80)", 0.0524),
        ("newcombe_high(56, 70, 48, 80)", 0.3339),
        ("newcombe_low(9, 10, 3, 10)", 0.1705),
        ("newcombe_high(9, 10, 3, 10)", 0.8090),
        # any table of Student's t
        ("t_975(1)", 12.706),
        ("t_975(4)", 2.776),
        ("t_975(30)", 2.042),
        ("t_975(1e9)", 1.960),
        # any table of chi-square
        ("chi_square_p(0, 1)", 1.0),
        ("chi_square_p(3.841, 1)", 0.05),
        ("chi_square_p(10.828, 1)", 0.001),
        ("chi_square_p(5.991, 2)", 0.05),
    ],
)
def test_published_values(store: ClickHouse, expression: str, published: float) -> None:
    assert ask(store, expression) == pytest.approx(published, abs=6e-4)


@pytest.mark.parametrize(("chi", "freedom", "published"), [(9.488, 4, 0.05), (18.467, 4, 0.001), (18.307, 10, 0.05)])
def test_chi_square_of_many_degrees(store: ClickHouse, chi: float, freedom: int, published: float) -> None:
    assert ask(store, f"chi_square_p({chi}, {freedom})") == pytest.approx(published, rel=2e-3)


@pytest.mark.parametrize(("freedom", "published"), [(2, 4.303), (3, 3.182)])
def test_t_is_within_a_percent_for_few_degrees_of_freedom(store: ClickHouse, freedom: int, published: float) -> None:
    assert ask(store, f"t_975({freedom})") == pytest.approx(published, rel=0.01)


@pytest.mark.parametrize(
    "expression",
    [
        *("wilson_low(0, 0)", "newcombe_high(1, 2, 0, 0)", "newcombe_low(0, 0, 1, 2)", "nps_low(0, 0, 0)"),
        *("person_error([3.0], [1])", "person_error([3.0, 6.0], [1, 2])"),
    ],
)
def test_nothing_is_unknown_and_not_zero(store: ClickHouse, expression: str) -> None:
    assert ask(store, expression) is None


@pytest.mark.parametrize("count", ["toUInt64(1)", "toUInt32(1)", "1"])
def test_counts_may_be_of_any_type(store: ClickHouse, count: str) -> None:
    assert ask(store, f"wilson_high({count}, 4 * {count})") == pytest.approx(0.6994, abs=1e-4)
    assert ask(store, f"nps_high({count}, 3 * {count}, 4 * {count})") == ask(store, "nps_high(1., 3., 4.)")


@pytest.mark.parametrize("votes", [5, 20, 200])
@pytest.mark.parametrize("shares", [(0.45, 0.30, 0.25), (0.15, 0.45, 0.40), (0.70, 0.20, 0.10)])
def test_nps_intervals_hold_the_truth(store: ClickHouse, votes: int, shares: tuple[float, float, float]) -> None:
    drawn = np.random.default_rng(1).multinomial(votes, shares, SAMPLES)
    table = pa.table({"promoters": drawn[:, 0], "detractors": drawn[:, 2]})
    score = 100 * (shares[0] - shares[2])
    call = f"(promoters, detractors, {votes})"
    held = _average(store, table, f"{score} >= nps_low{call} AND {score} <= nps_high{call}")
    assert 0.925 < held < 0.995


@pytest.mark.parametrize("people", [5, 30, 200])
def test_intervals_of_means_hold_the_truth_though_people_repeat_themselves(store: ClickHouse, people: int) -> None:
    """Every person has a level of their own (half of the variance) and gives 1 to 6 values."""
    rng = np.random.default_rng(2)
    counts = rng.integers(1, 7, (SAMPLES, people))
    totals = (
        counts * rng.standard_normal((SAMPLES, people))
        + np.sqrt(counts) * rng.standard_normal((SAMPLES, people))
        + counts
    )
    table = pa.table({"totals": totals.tolist(), "counts": counts.tolist()})
    deviation = "abs(arraySum(totals) / arraySum(counts) - 1)"
    held = _average(store, table, f"{deviation} <= person_error(totals, counts)")
    assert (0.9 if people < 30 else 0.93) < held < 0.97
    assert _average(store, table, f"{deviation} <= {_naive_error()}") < 0.87


def _naive_error() -> str:
    """Give the interval's half width of somebody who takes all values for independent: variance 2, no matter whose."""
    return "1.96 * sqrt(2 / arraySum(counts))"


def _average(store: ClickHouse, table: pa.Table, expression: str) -> float:
    columns = ", ".join(
        f"`{f.name}` {'Array(Float64)' if pa.types.is_list(f.type) else 'UInt64'}" for f in table.schema
    )
    store.command("DROP TABLE IF EXISTS samples")
    store.command(f"CREATE TABLE samples ({columns}) ENGINE = MergeTree ORDER BY ()")
    store.insert("samples", table)
    held: float = store.query(f"SELECT avg({expression}) FROM samples")[0][0]
    return held
