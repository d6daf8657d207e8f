"""Reads and checks the panels of sql/panels: one file a panel, from which Grafana, the local page and the tests are served.

A file is a header of comment lines, `-- key: text` (a line that goes on is indented by three spaces), and then one query.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from dashboards.macros import variables_of
from dashboards.objectives import Bound, bounds, page_burn
from dashboards.promises import promises_table, stored
from dashboards.variables import VARIABLES

FOLDER = Path(__file__).resolve().parent.parent / "sql" / "panels"
Plot = Literal["figure", "lines", "bars", "table", "states", "grid", "alerts"]
Unit = Literal[
    "share", "ms", "s", "minutes", "hours", "months", "EUR", "number", "score", "stars", "bytes", "ratio", "per second"
]
NEEDED: Mapping[Plot, frozenset[str]] = {
    "figure": frozenset({"t", "value", "n"}),
    "lines": frozenset({"t", "value", "n"}),
    "bars": frozenset({"label", "value", "n"}),
    "table": frozenset({"n"}),
    "states": frozenset({"name", "state", "value", "n"}),
    "grid": frozenset({"row", "column", "value", "n"}),
    "alerts": frozenset(),
}
"""Columns that each kind of plot must get. `n` is always on how many events, people or answers a value rests."""
NEEDED_KEYS = frozenset({"title", "section", "place", "unit", "plot", "think", "definition", "freshness", "evidence"})
OPTIONAL_KEYS = frozenset({"bounds", "width", "alerts", "empty", "hidden"})
FULL_WIDTH = 12
LEAST_BAD = 3
"""Fewer failures of few are no pattern, however large their share: one failed request of one is 100 %."""


class PanelError(ValueError):
    """A panel's file says what cannot be; the message names file and reason."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        dashboard: its folder.
        name: its file, and its anchor on the page.
        title: what is shown, in a few words.
        section: the part of the dashboard that it stands in.
        place: its place in it, ascending.
        unit: of the column `value`.
        plot: how it is drawn; NEEDED says which columns that takes.
        bounds: what the values are held against.
        think: what somebody who sees it should think.
        definition: how the figure comes about.
        freshness: how old the newest value may be.
        evidence: the smallest `n` that a value may rest on; below it the panel says that there is too little.
        width: columns of twelve.
        alerts: alerts that lead here.
        hidden: columns that only serve a judgement, and are not shown.
        empty: what it means, or what to do, when there is nothing to show.
        sql: the query, with the macros of Grafana's plugin.
    """

    dashboard: str
    name: str
    title: str
    section: str
    place: int
    unit: Unit
    plot: Plot
    bounds: tuple[Bound, ...]
    think: str
    definition: str
    freshness: str
    evidence: int
    width: int
    alerts: tuple[str, ...]
    hidden: tuple[str, ...]
    empty: str
    sql: str

    @property
    def variables(self) -> frozenset[str]:
        """The variables that its query asks for."""
        return variables_of(self.sql)

    @property
    def views(self) -> frozenset[str]:
        """The views that its query reads."""
        return frozenset(re.findall(r"\b(?:FROM|JOIN)\s+([a-z_]+)\b", self.sql)) - _own_names(self.sql)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard: `question` is what it answers, `range` what it shows first, `refresh` how often it looks again (seconds)."""

    name: str
    title: str
    question: str
    range: str
    refresh: int
    panels: tuple[Panel, ...]

    def panel(self, name: str) -> Panel:
        """Give a panel by its name.

        Raises:
            KeyError: there is none.
        """
        for panel in self.panels:
            if panel.name == name:
                return panel
        raise KeyError(name)


@cache
def dashboards() -> tuple[Dashboard, ...]:
    """Read all dashboards, in the order of sql/panels/dashboards.toml.

    Raises:
        PanelError: a file says what cannot be.
    """
    told = tomllib.loads((FOLDER / "dashboards.toml").read_text())
    return tuple(_dashboard(name, entry) for name, entry in told.items())


def dashboard(name: str) -> Dashboard:
    """Give a dashboard by its name.

    Raises:
        KeyError: there is none.
    """
    return {each.name: each for each in dashboards()}[name]


def _dashboard(name: str, told: Mapping[str, object]) -> Dashboard:
    sections = told["sections"]
    if not isinstance(sections, list):
        raise PanelError(f"dashboards.toml: {name}: sections is a list of names")
    found = [parse(name, path.stem, path.read_text()) for path in sorted((FOLDER / name).glob("*.sql"))]
    if strange := sorted({panel.section for panel in found} - set(sections)):
        raise PanelError(f"{name}: dashboards.toml has no section {strange}")
    panels = tuple(sorted(found, key=lambda panel: (sections.index(panel.section), panel.place, panel.name)))
    return Dashboard(
        name, str(told["title"]), str(told["question"]), str(told["range"]), int(str(told["refresh"])), panels
    )


def parse(dashboard_name: str, name: str, text: str) -> Panel:
    """Read one panel's file.

    Raises:
        PanelError: it says what cannot be.
    """
    head, sql = split_header(text)
    try:
        return _panel(dashboard_name, name, head, sql)
    except (ValueError, KeyError) as error:
        raise PanelError(f"sql/panels/{dashboard_name}/{name}.sql: {error}") from error


def _panel(dashboard_name: str, name: str, head: Mapping[str, str], sql: str) -> Panel:
    if lacking := sorted(NEEDED_KEYS - set(head)):
        raise PanelError(f"the header lacks {', '.join(lacking)}")
    if strange := sorted(set(head) - NEEDED_KEYS - OPTIONAL_KEYS):
        raise PanelError(f"the header has {', '.join(strange)}, which means nothing")
    plot, unit = head["plot"], head["unit"]
    if plot not in get_args(Plot):
        raise PanelError(f"plot {plot!r} is none of {get_args(Plot)}")
    if unit not in get_args(Unit):
        raise PanelError(f"unit {unit!r} is none of {get_args(Unit)}")
    if not head["think"].endswith("."):
        raise PanelError("think is a sentence, with a full stop")
    panel = Panel(
        dashboard=dashboard_name,
        name=name,
        title=head["title"],
        section=head["section"],
        place=int(head["place"]),
        unit=unit,  # type: ignore[arg-type]
        plot=plot,  # type: ignore[arg-type]
        bounds=tuple(_bound(each) for each in _words(head.get("bounds", ""))),
        think=head["think"],
        definition=_with_burn(head["definition"]),
        freshness=head["freshness"],
        evidence=int(head["evidence"]),
        width=int(head.get("width", FULL_WIDTH // 2)),
        alerts=_words(head.get("alerts", "")),
        hidden=_words(head.get("hidden", "")),
        empty=head.get("empty", "Nothing happened in this time range, or the filters leave nothing: widen them."),
        sql=filled(sql),
    )
    if unknown := panel.variables - {variable.name for variable in VARIABLES}:
        raise PanelError(f"unknown variables {sorted(unknown)}")
    if (plot == "alerts") != (not sql):
        raise PanelError("every plot but `alerts` has a query")
    return panel


def split_header(text: str) -> tuple[dict[str, str], str]:
    """Divide a file into its header and its query."""
    lines = text.splitlines()
    length = next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))
    head: dict[str, str] = {}
    for line in lines[:length]:
        if line.startswith("--    "):
            head[list(head)[-1]] += " " + line[2:].strip()
        else:
            key, _, value = line[2:].strip().partition(": ")
            head[key] = value.strip()
    return head, "\n".join(lines[length:]).strip().rstrip(";")


def filled(sql: str) -> str:
    """Put in what comes from promises and targets.

    `{{promises VIEW}}` is a table, `{{promise_names}}` and `{{promise_allowed}}` are arrays; `{{page_burn}}` is how fast an error
    budget must burn to page somebody, `{{least_bad}}` how many failures are more than chance, `{{NAME}}` the value of a bound.
    """
    sql = re.sub(
        r"\{\{promises (\w+)(?: (\d+ \w+))?(?: only (\w+))?\}\}",
        lambda found: promises_table(found[1], found[2], found[3]),
        sql,
    )
    sql = _with_burn(sql).replace("{{promise_names}}", str([promise.name for promise in stored()]))
    sql = sql.replace("{{promise_allowed}}", f"[{', '.join(f'{promise.allowed:g}' for promise in stored())}]")
    return re.sub(r"\{\{([\w.]+)\}\}", lambda found: f"{_bound(found[1]).value:g}", sql)


def _with_burn(text: str) -> str:
    return text.replace("{{page_burn}}", f"{page_burn():g}").replace("{{least_bad}}", str(LEAST_BAD))


def _bound(name: str) -> Bound:
    if name not in bounds():
        raise PanelError(f"neither alerts/slos.yaml nor dashboards/targets.yaml has {name!r}")
    return bounds()[name]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _own_names(sql: str) -> frozenset[str]:
    """Names that the query gives itself: `WITH name AS (…)`."""
    return frozenset(re.findall(r"\b([a-z_]+) AS\s*\(", sql))
