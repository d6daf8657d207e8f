"""Every panel's SQL on 28 simulated days: it runs, in time, gives what its plot needs, and what it says is so."""

from datetime import timedelta

import pytest

from dashboards.annotations import COLUMNS, Annotation, annotations
from dashboards.freshness import SOURCES, freshness_sql
from dashboards.macros import Choices, expand
from dashboards.objectives import promises
from dashboards.panels import NEEDED, Panel, dashboard, dashboards
from dashboards.variables import VARIABLES
from tests.dashboards.world import CHOICES, DAYS, INCIDENT_MINUTES, World
from tests.sql.simulation import rows_of

pytestmark = pytest.mark.service
PANELS = [panel for each in dashboards() for panel in each.panels if panel.sql]
WEEKS, HOUR = timedelta(days=DAYS), timedelta(hours=1)
IN_TIME_SECONDS = 1.0
"""Of work, which is no less than what somebody waits on a machine that has nothing else to do."""


def ask(world: World, name: str, length: timedelta, **chosen: str) -> list[dict[str, object]]:
    board, panel = name.split("/")
    choices: Choices = {**CHOICES, **{key: [value] for key, value in chosen.items()}}
    return rows_of(world.store, expand(dashboard(board).panel(panel).sql, world.span(length), choices))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel.dashboard}/{panel.name}")
def test_it_has_data_in_time_in_the_columns_that_its_plot_needs(world: World, panel: Panel) -> None:
    sql = expand(panel.sql, world.span(HOUR if panel.dashboard == "operations" else WEEKS), CHOICES)
    began = world.cpu_seconds()
    columns, rows = world.store.table(sql)
    assert world.cpu_seconds() - began < IN_TIME_SECONDS
    assert NEEDED[panel.plot] <= set(columns)
    assert rows
    if "value" in columns:
        assert any(row[columns.index("value")] is not None for row in rows)


@pytest.mark.parametrize("one", annotations(), ids=lambda one: one.name)
def test_an_annotation_is_found_in_time(world: World, one: Annotation) -> None:
    began = world.cpu_seconds()
    columns, _ = world.store.table(expand(one.sql, world.span(WEEKS), {}))
    assert world.cpu_seconds() - began < IN_TIME_SECONDS
    assert columns == COLUMNS


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel.dashboard}/{panel.name}")
def test_every_filter_is_followed_or_not_asked_for(world: World, panel: Panel) -> None:
    nobody: Choices = {**CHOICES, **{name: ["no-such-value"] for name in panel.variables}}
    rows = rows_of(world.store, expand(panel.sql, world.span(HOUR), nobody))
    split = panel.variables & {"service", "environment", "release"}
    if split and panel.name != "promises":
        # The ledger and probes have no service: what remains is what cannot be split.
        assert all(row.get("label", "") in ("", "rejected_events") for row in rows)


def test_the_incident_is_said_with_its_beginning(world: World) -> None:
    rows = {str(row["name"]): row for row in ask(world, "operations/promises", HOUR)}
    errors = rows["application_errors"]
    assert errors["state"] == "broken"
    assert errors["allowed"] == pytest.approx(0.001)
    assert 0.1 < float(str(errors["value"])) < 0.5
    began = world.end - timedelta(minutes=INCIDENT_MINUTES)
    assert abs(errors["since"] - began.replace(tzinfo=None)) <= timedelta(minutes=2)  # type: ignore[operator]
    assert rows["library_search"]["state"] == "kept"
    assert set(rows) == {promise.name for promise in promises()} - {"event_freshness"}


def test_before_the_incident_nothing_is_broken(world: World) -> None:
    before = world.span(HOUR)
    quiet = type(before)(before.since - HOUR, before.until - timedelta(minutes=INCIDENT_MINUTES + 1))
    states = rows_of(world.store, expand(dashboard("operations").panel("promises").sql, quiet, CHOICES))
    assert "broken" not in {row["state"] for row in states}


def test_the_operations_that_are_hit_come_first(world: World) -> None:
    rows = ask(world, "operations/failing", HOUR)
    assert rows[0]["state"] == "failing"
    hit = {row["operation"] for row in rows if row["state"] == "failing"}
    assert "request.served" in hit
    assert "probe.checked" not in hit


def test_the_bad_share_is_that_of_a_plain_count(world: World) -> None:
    """What a panel makes of the promises' table, beside the archive that has every event."""
    row = next(row for row in ask(world, "operations/promises", HOUR) if row["name"] == "application_errors")
    bad, total = world.store.query(
        "SELECT countIf(outcome = 'error'), countIf(outcome != '') FROM events "
        f"WHERE time > toDateTime({int(world.end.timestamp())}, 'UTC') - INTERVAL 5 MINUTE "
        f"AND time < toDateTime({int(world.end.timestamp())}, 'UTC') AND event NOT IN ('db.query', 'probe.checked')"
    )[0]
    # The range is cut at whole minutes, at which the world ends too; only the minute at its edge may differ.
    assert float(str(row["value"])) == pytest.approx(bad / total, abs=0.12)
    assert bad > 0


def test_the_error_rate_is_the_same_at_every_width(world: World) -> None:
    """Ranges of up to two days read 10 s windows, longer ones hours: their counts must agree."""
    sums = []
    for length in (timedelta(days=1), WEEKS):
        rows = ask(world, "operations/errors", length)
        day = int((world.end - timedelta(days=1)).timestamp()) // 21_600 * 21_600 + 21_600
        kept = [row for row in rows if row["series"] == "request.served" and row["t"].timestamp() >= day]  # type: ignore[attr-defined]
        sums.append((sum(int(str(row["hits"])) for row in kept), sum(int(str(row["n"])) for row in kept)))
    assert sums[0] == sums[1]
    assert sums[0][1] > 100


def test_a_filter_changes_the_figures(world: World) -> None:
    everybody = ask(world, "operations/rate", HOUR)
    one = ask(world, "operations/rate", HOUR, service="estimator-web")
    assert 0 < sum(int(str(row["n"])) for row in one) < sum(int(str(row["n"])) for row in everybody)


def test_the_ledger_adds_up(world: World) -> None:
    (row,) = ask(world, "operations/ledger_sum", WEEKS)
    assert row["value"] == 0
    assert int(str(row["n"])) > 10_000


def test_an_assignment_that_is_fine_is_called_fine(world: World) -> None:
    rows = ask(world, "experience/sample_ratio", WEEKS)
    assert {row["experiment"]: row["state"] for row in rows} == {"search_ranking": "fine", "button_colour": "fine"}


def test_every_filter_has_values(world: World) -> None:
    for variable in VARIABLES:
        values = [row[0] for row in world.store.table(variable.sql)[1]]
        assert values, variable.name
        assert len(values) == len(set(values)), variable.name


def test_the_newest_event_of_every_view_is_found(world: World) -> None:
    newest = dict(world.store.table(freshness_sql(SOURCES))[1])
    assert set(newest) == {table for table, _ in SOURCES.values()}
    assert newest["operations_rows"].timestamp() == pytest.approx(world.end.timestamp(), abs=60)


@pytest.mark.parametrize("bound", [50, 200, 1000])
def test_how_many_are_slower_is_right_within_the_sketch(world: World, bound: int) -> None:
    (found, total), *_ = world.store.query(
        f"SELECT latency_slower(sumMap(duration_sketch), {bound}), sum(duration_count) FROM operations "
        "WHERE event = 'request.served'"
    )
    low, high = world.store.query(
        f"SELECT countIf(duration_ms > {bound * 1.011}), countIf(duration_ms > {bound * 0.989}) FROM events "
        "WHERE event = 'request.served' AND duration_ms IS NOT NULL"
    )[0]
    assert low <= found <= high
    assert total > 100
