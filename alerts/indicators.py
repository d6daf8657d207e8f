"""What counts and what of it is bad, as PromQL: the increase of counters of the pipeline's page over a window."""

import re

from alerts.slos import Age, Errors, ErrorsExcept, Indicator, Latency, Probes

DURATION = "app_operation_duration_seconds"
AGE = "tidegauge_event_age_seconds"


def total(indicator: Indicator, window: str) -> str:
    """Give how many events counted within a window."""
    return _increase(_total_series(indicator), window)


def bad(indicator: Indicator, window: str) -> str:
    """Give how many of them were bad."""
    match indicator:
        case Errors() | ErrorsExcept():
            return _increase(f"app_operation_errors_total{{{_names(indicator)}}}", window)
        case Latency(slower_than=bound, operation=name):
            within = f'{DURATION}_bucket{{operation="{name}", le="{float(bound)}"}}'
        case Age(older_than=bound):
            within = f'{AGE}_bucket{{le="{float(bound)}"}}'
        case Probes(probes_of=target):
            within = f'app_probes_answered_total{{target="{target}"}}'
        case _:
            return _increase(f'tidegauge_events_total{{verdict="{indicator.verdict}"}}', window)
    # Both come from one scrape, but floats need not cancel exactly.
    return f"clamp_min({total(indicator, window)} - {_increase(within, window)}, 0)"


def _total_series(indicator: Indicator) -> str:
    match indicator:
        case Errors() | ErrorsExcept():
            return f"app_operation_outcomes_total{{{_names(indicator)}}}"
        case Latency(operation=name):
            return f'{DURATION}_count{{operation="{name}"}}'
        case Age():
            return f"{AGE}_count"
        case Probes(probes_of=target):
            return f'app_probes_total{{target="{target}"}}'
        case _:
            return "tidegauge_events_total"


def _names(indicator: Errors | ErrorsExcept) -> str:
    operator, names = ("=~", indicator.errors_of) if isinstance(indicator, Errors) else ("!~", indicator.errors_except)
    # PromQL reads a backslash twice: once as text, once as a regular expression.
    pattern = "|".join(re.escape(name) for name in names).replace("\\", "\\\\")
    return f'operation{operator}"{pattern}"'


def _increase(series: str, window: str) -> str:
    return f"sum(increase({series}[{window}]))"
