"""What every panel says of itself: complete, in words that exist, and held against promises that exist."""

import re
from pathlib import Path

import pytest

from dashboards.freshness import SOURCES
from dashboards.links import page_address, panel_of_alert
from dashboards.objectives import bounds, page_burn, promises
from dashboards.panels import FOLDER, FULL_WIDTH, Panel, PanelError, dashboards, parse
from dashboards.promises import promises_table, stored

VIEWS = {path.stem for path in (FOLDER.parent / "views").glob("*.sql")}
PANELS = [panel for each in dashboards() for panel in each.panels]
HEAD = """-- title: A figure
-- section: Now
-- place: 1
-- unit: share
-- plot: table
-- think: It is fine.
-- definition: One
--     and two.
-- freshness: 2 s
-- evidence: 5
"""


def test_there_are_the_four_dashboards_and_no_file_is_left_out() -> None:
    assert [each.name for each in dashboards()] == ["executive", "operations", "experience", "business"]
    assert {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.sql")} == {
        f"{panel.dashboard}/{panel.name}" for panel in PANELS
    }


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel.dashboard}/{panel.name}")
def test_a_panel_reads_views_alone(panel: Panel) -> None:
    assert panel.views <= VIEWS, "a panel must not have a second definition of a figure: read views"
    assert "_rows" not in panel.sql
    assert panel.views <= set(SOURCES), "add where its newest event is found to dashboards/freshness.py"
    assert panel.views or panel.plot == "alerts"


@pytest.mark.parametrize("each", dashboards(), ids=lambda each: each.name)
def test_the_rows_of_a_dashboard_are_full(each: object) -> None:
    widths: dict[str, int] = {}
    for panel in PANELS:
        if panel.dashboard == each.name:  # type: ignore[attr-defined]
            widths[panel.section] = widths.get(panel.section, 0) + panel.width
    assert {section: width % FULL_WIDTH for section, width in widths.items()} == dict.fromkeys(widths, 0)


def test_every_alert_leads_to_a_panel_of_the_dashboard_that_its_promise_names() -> None:
    leading = panel_of_alert()
    for promise in stored():
        assert leading[promise.alert].dashboard in (promise.dashboard, "operations"), promise.alert
        assert re.fullmatch(r"/\w+#\w+", page_address(leading[promise.alert]))


def test_every_alert_that_can_fire_leads_to_a_panel() -> None:
    rules = (FOLDER.parents[1] / "alerts" / "generated").glob("*.rules.yml")
    alerts = {name for path in rules for name in re.findall(r"- alert: (\w+)", path.read_text())}
    assert len(alerts) > 20
    assert alerts - set(panel_of_alert()) == set()
    assert set(panel_of_alert()) - alerts == set(), "a panel names an alert that does not exist"


def test_every_promise_that_is_stored_is_in_the_panel_that_says_what_is_broken() -> None:
    sql = next(panel.sql for panel in PANELS if panel.name == "promises")
    for promise in stored():
        assert sql.count(f"'{promise.name}' AS promise") == 1
    assert {promise.name for promise in promises()} - {promise.name for promise in stored()} == {"event_freshness"}


def test_the_thresholds_are_those_of_the_promises() -> None:
    assert bounds()["library_search.slower_than"].value == 200
    assert bounds()["application_errors.allowed"].value == pytest.approx(0.001)
    assert bounds()["application_errors.allowed"].good == "below"
    assert bounds()["database_up.objective"].value == 0.9995
    assert page_burn() == 6, "the slower of the two pairs of windows that page: 5 % of 30 days' budget in 6 hours"


def test_a_header_may_go_on_in_the_next_line() -> None:
    panel = parse("operations", "one", HEAD + "SELECT 1 AS n FROM ledger;\n")
    assert panel.definition == "One and two."
    assert panel.sql == "SELECT 1 AS n FROM ledger"
    assert panel.evidence == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("-- unit: share\n", ""), "lacks unit"),
        (("-- unit: share", "-- unit: furlongs"), "furlongs"),
        (("-- plot: table", "-- plot: pie"), "pie"),
        (("-- place: 1", "-- place: first"), "first"),
        (("It is fine.", "It is fine"), "full stop"),
        (("-- place: 1", "-- place: 1\n-- colour: red"), "colour"),
        (("-- place: 1", "-- place: 1\n-- bounds: nothing.such"), "nothing.such"),
        (("-- plot: table", "-- plot: alerts"), "alerts"),
    ],
)
def test_a_header_that_cannot_be_is_refused_with_file_and_reason(change: tuple[str, str], said: str) -> None:
    with pytest.raises(PanelError, match=r"sql/panels/operations/one\.sql: .*" + re.escape(said)):
        parse("operations", "one", HEAD.replace(*change) + "SELECT 1 AS n FROM ledger")


def test_a_section_that_the_dashboard_does_not_have_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations" / "one.sql").write_text(HEAD + "SELECT 1 AS n FROM ledger")
    (tmp_path / "dashboards.toml").write_text(
        '[operations]\ntitle = "O"\nquestion = "?"\nrange = "1h"\nrefresh = 2\nsections = ["Later"]\n'
    )
    monkeypatch.setattr("dashboards.panels.FOLDER", tmp_path)
    dashboards.cache_clear()
    try:
        with pytest.raises(PanelError, match="Now"):
            dashboards()
    finally:
        dashboards.cache_clear()


def test_a_table_of_one_promise_is_about_that_alone() -> None:
    sql = promises_table("operations", only="database_errors")
    assert "'database_errors' AS promise" in sql
    assert "UNION" not in sql
    with pytest.raises(ValueError, match="nothing"):
        promises_table("operations", only="nothing")
