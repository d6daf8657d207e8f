"""What a page says: what is wrong, since when, how fast the budget burns, and where to look."""

from alerts.burn import exact
from alerts.slos import Slo

DASHBOARDS, RUNBOOKS = "{{dashboards}}", "{{runbooks}}"
"""Replaced by addresses when rules are written; braces are no part of any address."""


def about_slo(slo: Slo, fast: str, over: str, period_seconds: int) -> dict[str, str]:
    """Make the annotations of an alert over an objective.

    Args:
        slo: the objective.
        fast: the window whose burn rate tells how soon the budget is gone.
        over: the window that the alert looks at.
        period_seconds: of the budget.
    """
    own = f"slo='{slo.name}'"
    burn = f"slo:share:{fast}{{{own}}} / {exact(slo.allowed)}"
    # Before the budget is known, the whole of it.
    left = f"clamp_min(slo:budget_left:ratio{{{own}}}, 0) or slo:share:{fast}{{{own}}} * 0 + 1"
    days = f"({left}) * {period_seconds / 86_400:g} / ({burn})"
    return {
        "summary": f"Not so: {slo.says} {_value(f'100 * slo:share:{fast}{{{own}}}', '%.1f %%')} is bad, "
        f"{_percent(slo)} may be (seen over {over}).",
        "since": _with(f"slo:bad_since:seconds{{{own}}}", "{{ . | first | value | humanizeTimestamp }}", "not known"),
        "budget": f"Burns {_value(burn, '%.1f')} times too fast; what is left of it is gone in {_value(days, '%.1f')} days.",
        "dashboard": f"{DASHBOARDS}/{slo.panel}",
        "runbook": f"{RUNBOOKS}/{slo.alert}.md",
    }


def _percent(slo: Slo) -> str:
    return f"{float(slo.allowed) * 100:g} %"


def _value(query: str, form: str) -> str:
    return _with(
        query, f'{{{{ . | first | value | printf "{form}" }}}}', "an unknown part" if "%%" in form else "unknown"
    )


def _with(query: str, shown: str, otherwise: str) -> str:
    return f'{{{{ with query "{query}" }}}}{shown}{{{{ else }}}}{otherwise}{{{{ end }}}}'
