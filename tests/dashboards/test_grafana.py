"""Grafana's dashboards: in step with the panels, whole, and such as Grafana can read."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dashboards.grafana import BESIDE, PLUGIN, SOURCE, UNITS, files, panel_address, panel_id, uid_of
from dashboards.links import panel_of_alert
from dashboards.panels import Dashboard, Panel, Unit, dashboards
from dashboards.variables import VARIABLES

Json = Mapping[str, Any]
FILES = {path.stem: json.loads(text) for path, text in files()}
MACROS = re.compile(r"\$__\w+")
PLUGIN_MACROS = {
    *(
        "$__timeFilter",
        "$__dateFilter",
        "$__timeInterval",
        "$__fromTime",
        "$__toTime",
        "$__interval_s",
        "$__conditionalAll",
    ),
}
"""Those of the plugin's documentation that panels use, and none that we made up."""


def panels_of(board: Json) -> list[Json]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def test_the_files_are_in_step_with_the_panels() -> None:
    for path, text in files():
        assert path.read_text() == text, f"{path.name}: run `tidegauge dashboards build`"
    assert {path.name for path, _ in files()} == {path.name for path in next(files())[0].parent.glob("*.json")}


@pytest.mark.parametrize("each", dashboards(), ids=lambda each: each.name)
class TestDashboard:
    def test_every_panel_is_there_with_its_title_and_its_words(self, each: Dashboard) -> None:
        made = {panel["id"]: panel for panel in panels_of(FILES[each.name])}
        for panel in each.panels:
            assert made[panel_id(panel)]["title"] == panel.title
            assert panel.think in made[panel_id(panel)]["description"]
        assert len(made) == len(each.panels)

    def test_ids_are_there_once(self, each: Dashboard) -> None:
        ids = [panel["id"] for panel in FILES[each.name]["panels"]]
        assert len(ids) == len(set(ids))
        assert FILES[each.name]["uid"] == uid_of(each.name)

    def test_no_two_panels_share_a_place_of_the_grid(self, each: Dashboard) -> None:
        taken: dict[tuple[int, int], str] = {}
        for panel in FILES[each.name]["panels"]:
            for cell in _cells(panel["gridPos"]):
                assert cell[0] < 24, panel["title"]
                assert cell not in taken, f"{panel['title']} lies on {taken.get(cell)}"
                taken[cell] = panel["title"]

    def test_every_query_asks_the_provisioned_source_with_macros_that_the_plugin_knows(self, each: Dashboard) -> None:
        for panel in panels_of(FILES[each.name]):
            for target in panel.get("targets", []):
                assert target["datasource"] == {"type": PLUGIN, "uid": SOURCE.uid}
                assert set(MACROS.findall(target["rawSql"])) <= PLUGIN_MACROS
                assert "{{" not in target["rawSql"]
                assert target["format"] == (0 if panel["type"] == "timeseries" else 1)

    def test_every_variable_that_a_query_asks_for_is_declared(self, each: Dashboard) -> None:
        declared = {one["name"]: one for one in FILES[each.name]["templating"]["list"]}
        used = {name for panel in each.panels for name in panel.variables}
        assert set(declared) == used
        for variable in VARIABLES:
            if variable.name in declared:
                assert declared[variable.name]["includeAll"] is variable.all
                assert declared[variable.name]["query"] == variable.sql

    def test_it_leads_to_the_other_dashboards_and_shows_deploys_and_outages(self, each: Dashboard) -> None:
        board = FILES[each.name]
        assert board["links"][0]["type"] == "dashboards"
        assert set(board["links"][0]["tags"]) <= set(board["tags"])
        assert [one["name"] for one in board["annotations"]["list"]] == ["Deploys", "Outages"]


def _cells(place: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    x, y = place.get("x", 0), place.get("y", 0)
    return ((column, line) for column in range(x, x + place["w"]) for line in range(y, y + place["h"]))


def test_every_unit_has_a_name_in_grafana() -> None:
    assert set(UNITS) == set(Unit.__args__)  # type: ignore[attr-defined]


def test_what_a_value_rests_on_is_not_drawn_as_a_line_of_its_own() -> None:
    pattern = re.compile(BESIDE.strip("/"))
    assert all(pattern.match(name) for name in ("n", "hits", "n application", "low", "median_minutes"))
    assert not any(pattern.match(name) for name in ("value", "network", "name"))


def test_an_alert_leads_to_a_panel_that_exists() -> None:
    for alert, panel in panel_of_alert().items():
        uid, _, shown = panel_address(panel).removeprefix("/d/").partition("?viewPanel=")
        ids = {one["id"] for board in FILES.values() if board["uid"] == uid for one in board["panels"]}
        assert int(shown) in ids, alert


def test_the_id_of_a_panel_does_not_depend_on_its_neighbours() -> None:
    panel: Panel = dashboards()[1].panels[0]
    assert panel_id(panel) == 513894, "links from alerts hold this id"


def test_the_threshold_of_a_promise_is_drawn() -> None:
    (errors,) = [panel for panel in FILES["operations"]["panels"] if panel["title"] == "Error rate"]
    steps = errors["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [(step["value"], step["color"]) for step in steps] == [(None, "green"), (0.001, "red")]
    assert errors["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"] == "dashed"


def test_a_failing_operation_leads_to_its_events() -> None:
    (failing,) = [panel for panel in FILES["operations"]["panels"] if panel["title"] == "Which operations are hit"]
    links = [one for one in failing["fieldConfig"]["overrides"] if one["matcher"]["options"] == "operation"]
    assert "var-event=${__value.raw}" in links[0]["properties"][0]["value"][0]["url"]
