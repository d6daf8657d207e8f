"""Makes Grafana's dashboards from the panels. The only file that knows grafana-foundation-sdk.

The kit checks nothing, so `tests/dashboards/` does: ids, units, grid, data sources, and the types of Grafana's own schema.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter
from zlib import crc32

from dashboards.annotations import Annotation, annotations
from dashboards.objectives import Bound
from dashboards.panels import Dashboard, Panel, dashboards
from dashboards.variables import VARIABLES, Variable

with catch_warnings():
    # The kit calls the form of dashboards deprecated that Grafana 11.6 and every later one can provision.
    simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import barchart, common, dashboard, stat, table, timeseries
    from grafana_foundation_sdk.cog.builder import Builder
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.variants import Dataquery
    from grafana_foundation_sdk.models import common as common_models
    from grafana_foundation_sdk.models import dashboard as models

FOLDER = Path(__file__).with_name("grafana")
PLUGIN = "grafana-clickhouse-datasource"
# Both as deploy/grafana/datasources names them.
SOURCE = common_models.DataSourceRef(type_val=PLUGIN, uid="clickhouse")
ALERTMANAGER = "Alertmanager"
TAG = "tidegauge"
"""Dashboards with it are linked with each other."""
HEIGHTS: Mapping[str, int] = {"figure": 6, "lines": 9, "bars": 9, "table": 9, "states": 10, "grid": 10, "alerts": 10}
WIDTH_OF_A_COLUMN = 2  # Grafana's grid has 24
UNITS: Mapping[str, str] = {
    "share": "percentunit",
    "ratio": "percentunit",
    "ms": "ms",
    "s": "s",
    "minutes": "m",
    "hours": "h",
    "months": "suffix: months",
    "EUR": "currencyEUR",
    "number": "short",
    "score": "none",
    "stars": "suffix: of 5",
    "bytes": "bytes",
    "per second": "ops",
}
"""Grafana's name of each unit of the panels."""
TABLE_UNITS: Mapping[str, str] = {"_share$": "percentunit", "_ms$": "ms", "_eur$": "currencyEUR", "_hours$": "h"}
BESIDE = "/^(n|hits|low|high|people|left_here|median_.*)( |$)/"
"""Columns that a value rests on: told in the tooltip, not drawn."""
STATE_COLOURS: Mapping[str, str] = {
    **dict.fromkeys(("broken", "failing", "do not trust"), "red"),
    **dict.fromkeys(("recovering", "burning", "strained", "slow"), "orange"),
    **dict.fromkeys(("kept", "fine", "as usual"), "green"),
    **dict.fromkeys(("unknown", "too few"), "text"),
}


@dataclass(slots=True)
class ClickHouseQuery(Dataquery):
    """A query of the ClickHouse plugin, which the kit does not know."""

    sql: str
    is_series: bool = False
    ref_id: str = "A"

    def to_json(self) -> dict[str, object]:
        """Give what the plugin keeps of a query; `format` 0 makes series of rows, 1 leaves them a table."""
        return {
            "refId": self.ref_id,
            "datasource": {"type": PLUGIN, "uid": SOURCE.uid},
            "editorType": "sql",
            "rawSql": self.sql,
            "queryType": "timeseries" if self.is_series else "table",
            "format": 0 if self.is_series else 1,
            "pluginVersion": "4.0.0",
        }


class _Query(Builder[Dataquery]):
    """The kit takes builders alone."""

    def __init__(self, query: ClickHouseQuery) -> None:
        self._query = query

    def build(self) -> Dataquery:
        return self._query


def panel_id(panel: Panel) -> int:
    """Give the id of a panel, which stays the same when panels are added before it, so that links hold."""
    return crc32(f"{panel.dashboard}/{panel.name}".encode()) % 1_000_000 + 1


def uid_of(name: str) -> str:
    """Give the uid of a dashboard: what alerts call it (`panel` in alerts/slos.yaml)."""
    return name if name != "experience" else "user-experience"


def panel_address(panel: Panel) -> str:
    """Give the address of a panel within Grafana."""
    return f"/d/{uid_of(panel.dashboard)}?viewPanel={panel_id(panel)}"


def files() -> Iterator[tuple[Path, str]]:
    """Make the dashboards: path and text of each file."""
    for each in dashboards():
        yield FOLDER / f"{each.name}.json", grafana_json(each)


def grafana_json(each: Dashboard) -> str:
    """Make one dashboard, as the JSON that Grafana provisions."""
    board = (
        dashboard.Dashboard(each.title)
        .uid(uid_of(each.name))
        .description(each.question)
        .tags([TAG])
        .timezone("utc")
        .readonly()
        .refresh(f"{max(each.refresh, 5)}s")
        .time(f"now-{each.range}", "now")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("Tidegauge")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .keep_time(True)
            .include_vars(True)
        )
    )
    for one in annotations():
        board.annotation(_annotation(one))
    used = {name for panel in each.panels for name in panel.variables}
    for variable in VARIABLES:
        if variable.name in used:
            board.with_variable(_variable(variable))
    _lay_out(board, each)
    return json.dumps(json.loads(JSONEncoder(sort_keys=True).encode(board.build())), indent=1, sort_keys=True) + "\n"


def _lay_out(board: dashboard.Dashboard, each: Dashboard) -> None:
    """Put the panels into Grafana's grid: a row a section, panels beside each other while they fit."""
    y, section = 0, ""
    x = tallest = 0
    for panel in each.panels:
        width = panel.width * WIDTH_OF_A_COLUMN
        if panel.section != section or x + width > 24:
            y, x, tallest = y + tallest, 0, 0
        if panel.section != section:
            section = panel.section
            row = dashboard.Row(section).id(crc32(f"{each.name}/{section}".encode()) % 1_000_000 + 1_000_001)
            board.with_row(row.grid_pos(models.GridPos(h=1, w=24, x=0, y=y)))
            y += 1
        height = HEIGHTS[panel.plot]
        board.with_panel(_panel(panel).grid_pos(models.GridPos(h=height, w=width, x=x, y=y)))
        x, tallest = x + width, max(tallest, height)


def _annotation(one: Annotation) -> dashboard.AnnotationQuery:
    query = _Query(ClickHouseQuery(one.sql))
    made = dashboard.AnnotationQuery().name(one.title).datasource(SOURCE).enable(True)
    return made.icon_color(one.colour).target(query)


def _variable(variable: Variable) -> dashboard.QueryVariable:
    made = (
        dashboard.QueryVariable(variable.name)
        .label(variable.title)
        .datasource(SOURCE)
        .query(variable.sql)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(variable.all)
        .include_all(variable.all)
    )
    return made.current(models.VariableOption(text="All", value="$__all", selected=True)) if variable.all else made


def _panel(panel: Panel) -> Any:
    made = _MAKERS[panel.plot](panel).id(panel_id(panel)).title(panel.title).description(_description(panel))
    if panel.plot != "alerts":
        made = made.datasource(SOURCE).no_value(panel.empty)
        made = made.with_target(_Query(ClickHouseQuery(panel.sql, is_series=panel.plot == "lines")))
    return made


def _description(panel: Panel) -> str:
    parts = [panel.think, panel.definition, f"Fresh: {panel.freshness}."]
    if panel.evidence:
        parts.append(f"Needs at least {panel.evidence} to say anything.")
    return "\n\n".join([*parts, *(bound.says for bound in panel.bounds)])


def _lines(panel: Panel) -> Any:
    made = (
        timeseries.Panel()
        .unit(UNITS[panel.unit])
        .line_width(2)
        .fill_opacity(0)
        .span_nulls(True)
        .show_points(common_models.VisibilityMode.AUTO)
        .legend(
            common.VizLegendOptions()
            .display_mode(common_models.LegendDisplayMode.LIST)
            .placement(common_models.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .override_by_regexp("/^value/", [_property("displayName", "${__field.labels.series}")])
        .override_by_regexp(BESIDE, [_hidden(), _property("unit", "short")])
    )
    if panel.bounds:
        made.thresholds(_thresholds(panel.bounds)).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(common_models.GraphThresholdsStyleMode.DASHED)
        )
    return made


def _figure(panel: Panel) -> Any:
    made = (
        stat.Panel()
        .unit(UNITS[panel.unit])
        .graph_mode(common_models.BigValueGraphMode.AREA)
        .color_mode(common_models.BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("/^value$/"))
    )
    return made.thresholds(_thresholds(panel.bounds)) if panel.bounds else made


def _bars(panel: Panel) -> Any:
    made = (
        barchart.Panel()
        .unit(UNITS[panel.unit])
        .orientation(common_models.VizOrientation.HORIZONTAL)
        .x_field("label")
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .legend(
            common.VizLegendOptions()
            .show_legend(False)
            .display_mode(common_models.LegendDisplayMode.HIDDEN)
            .placement(common_models.LegendPlacement.BOTTOM)
        )
        .override_by_regexp(BESIDE, [_hidden()])
        .override_by_regexp("/^(n|hits|people)$/", [_property("unit", "short")])
    )
    return made.thresholds(_thresholds(panel.bounds)) if panel.bounds else made


def _table(panel: Panel) -> Any:
    made = table.Panel().override_by_name("value", [_property("unit", UNITS[panel.unit])])
    made.override_by_name("allowed", [_property("unit", UNITS[panel.unit])])
    for ending, unit in TABLE_UNITS.items():
        made.override_by_regexp(f"/{ending}/", [_property("unit", unit)])
    for column in panel.hidden:
        made.override_by_name(column, [_property("custom.hidden", True)])
    made.override_by_name(
        "state", [_property("mappings", [_states()]), _property("custom.cellOptions", {"type": "color-text"})]
    )
    here = "/d/operations?${__url_time_range}&${service:queryparam}&${environment:queryparam}&${release:queryparam}"
    link = {"title": "Its events", "url": f"{here}&var-event=${{__value.raw}}"}
    if panel.name == "failing":
        made.override_by_name("operation", [_property("links", [link])])
    return made


class _AlertList(stat.Panel):
    """Grafana's own list of alerts, for which the kit has no builder."""

    def build(self) -> models.Panel:
        made = super().build()
        made.type_val = "alertlist"
        made.options = {
            "viewMode": "list",
            "groupMode": "default",
            "maxItems": 20,
            "sortOrder": 3,
            "datasource": ALERTMANAGER,
            "stateFilter": {"firing": True, "error": True, "noData": False, "normal": False, "pending": False},
        }
        return made


def _alerts(_: Panel) -> Any:
    return _AlertList()


_MAKERS = {
    "lines": _lines,
    "figure": _figure,
    "bars": _bars,
    "table": _table,
    "states": _table,
    "grid": _table,
    "alerts": _alerts,
}


def _thresholds(bounds: tuple[Bound, ...]) -> dashboard.ThresholdsConfig:
    """Colour what misses the first bound, and draw a line at each."""
    good, bad = "green", "red"
    first = bounds[0]
    below, above = (good, bad) if first.good == "below" else (bad, good)
    values = sorted({bound.value for bound in bounds})
    steps = [
        models.Threshold(value=None, color=below),
        *(models.Threshold(value=value, color=above) for value in values),
    ]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _property(name: str, value: object) -> models.DynamicConfigValue:
    return models.DynamicConfigValue(id_val=name, value=value)


def _hidden() -> models.DynamicConfigValue:
    return _property("custom.hideFrom", {"viz": True, "legend": True, "tooltip": False})


def _states() -> dict[str, object]:
    options = {word: {"color": colour, "index": index} for index, (word, colour) in enumerate(STATE_COLOURS.items())}
    return {"type": "value", "options": options}
