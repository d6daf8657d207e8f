"""What is firing, asked of Alertmanager: its address is a setting, and being without one is a state of its own."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

TIMEOUT_SECONDS = 2.0


def firing(alertmanager: str | None, panels: Mapping[str, str]) -> Mapping[str, Any]:
    """Give the active alerts, newest first.

    Args:
        alertmanager: its address, http://host:port, or None.
        panels: alert -> address of the panel that shows it.

    Returns:
        `state` (`off`, `away`, `ok`) and `alerts`, each with name, severity, says, since, panel and runbook.
    """
    if alertmanager is None:
        return {"state": "off", "alerts": []}
    try:
        with urllib.request.urlopen(  # noqa: S310 - the address is a setting
            f"{alertmanager}/api/v2/alerts?active=true&silenced=false&inhibited=false", timeout=TIMEOUT_SECONDS
        ) as answer:
            found: Sequence[Mapping[str, Any]] = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return {"state": "away", "alerts": []}
    alerts = [_alert(each, panels) for each in found]
    return {"state": "ok", "alerts": sorted(alerts, key=lambda alert: str(alert["since"]), reverse=True)}


def _alert(found: Mapping[str, Any], panels: Mapping[str, str]) -> Mapping[str, Any]:
    labels, notes = found.get("labels", {}), found.get("annotations", {})
    name = labels.get("alertname", "")
    return {
        "name": name,
        "severity": labels.get("severity", ""),
        "says": notes.get("summary") or notes.get("description") or "",
        "since": found.get("startsAt", ""),
        "runbook": notes.get("runbook_url") or notes.get("runbook") or "",
        "panel": panels.get(name, ""),
    }
