"""Where an alert leads: the panel that shows what it is about."""

from collections.abc import Mapping
from functools import cache

from dashboards.panels import Panel, dashboards


@cache
def panel_of_alert() -> Mapping[str, Panel]:
    """Give for every alert that a panel names the first such panel, in the order of the dashboards of slos.yaml first."""
    found: dict[str, Panel] = {}
    for each in sorted(dashboards(), key=lambda board: board.name != "operations"):
        for panel in each.panels:
            for alert in panel.alerts:
                # "What is broken now" names all of them; the panel that plots the figure says more.
                if alert not in found or found[alert].plot == "states":
                    found[alert] = panel
    return found


def page_address(panel: Panel) -> str:
    """Give a panel's place on the local page."""
    return f"/{panel.dashboard}#{panel.name}"
