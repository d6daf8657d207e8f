"""How fresh figures are: the newest moment that each view knows of, read from the tables beneath it.

The largest time of a table needs no FINAL: a superseded version of a row has the same time.
"""

from collections.abc import Iterable

_WINDOW = "window_start"
SOURCES: dict[str, tuple[str, str]] = {
    "operations": ("operations_rows", _WINDOW),
    "operations_hourly": ("operations_rows", _WINDOW),
    "errors": ("errors_rows", _WINDOW),
    "ledger": ("ledger_rows", _WINDOW),
    "events": ("operations_rows", _WINDOW),
    "rejected_events": ("ledger_rows", _WINDOW),
    "availability_minutes": ("availability_rows", _WINDOW),
    "slow_queries": ("db_queries_rows", _WINDOW),
    "cache_access": ("cache_access_rows", _WINDOW),
    "cache_misses": ("cache_access_rows", _WINDOW),
    "resource_usage": ("resource_usage_rows", _WINDOW),
    "searches": ("searches_rows", _WINDOW),
    "adoption_daily": ("unit_activity_rows", _WINDOW),
    "adoption_funnel": ("unit_activity_rows", _WINDOW),
    "retention_weekly": ("unit_activity_rows", _WINDOW),
    "experiment_exposures": ("experiment_exposures_rows", _WINDOW),
    "experiment_results": ("experiment_exposures_rows", _WINDOW),
    "experiment_conversions": ("experiment_exposures_rows", _WINDOW),
    "journey_funnel": ("journey_steps_rows", "time"),
    "journey_exits": ("journey_steps_rows", "time"),
    "task_completion": ("tasks_rows", "time"),
    "guidance": ("guidance_rows", _WINDOW),
    "guidance_effect": ("tasks_rows", "time"),
    "nps": ("feedback_rows", "time"),
    "satisfaction": ("feedback_rows", "time"),
    "feedback_topics": ("feedback_rows", "time"),
    "support_tickets": ("support_tickets_rows", _WINDOW),
    "estimates": ("estimates_rows", "time"),
    "estimate_accuracy": ("estimates_rows", "time"),
    "estimate_features_daily": ("estimates_rows", "time"),
    "productivity": ("estimates_rows", "time"),
    "time_savings": ("estimates_rows", "time"),
    "roi": ("estimates_rows", "time"),
}
"""For each view that a panel reads: the table and its column that say when its newest event was."""
LOOK_BACK = "35 DAY"
"""What is older than this is old, however old it is; the bound keeps the question cheap on large tables."""


def freshness_sql(views: Iterable[str]) -> str:
    """Give a query that tells for each of the tables beneath the views: (table, newest time or NULL)."""
    tables = sorted({SOURCES[view] for view in views})
    return " UNION ALL ".join(
        f"SELECT '{table}' AS source, toDateTime(maxOrNull({column}), 'UTC') AS newest FROM {table} "
        f"WHERE {column} > now() - INTERVAL {LOOK_BACK}"
        for table, column in tables
    )
