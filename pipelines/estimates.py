"""Does the application save time and money? The life of each estimate, and what a session takes from the library.

One fact row: an estimate was created, revised or closed; its latest state must be found.
One row of the rollup: what one session did with the library in one hour.
"""

from datetime import timedelta

from pipelines.facts import Facts
from pipelines.rollup import Rollup, count, equals

ESTIMATES = Facts(
    name="estimates",
    table="estimates_rows",
    columns=(
        "event",
        "unit",
        "session_id",
        "tenant_id",
        "environment",
        "estimate_id",
        "duration_ms",
        "outcome",
        "elements_count",
        "library_items_count",
        "used_bulk",
        "used_spreadsheet",
        "estimated_cost",
        "actual_cost",
        "currency",
        "revision",
        "revisions_count",
    ),
    events=("estimate.created", "estimate.revised", "estimate.closed"),
)

LIBRARY_SESSIONS = Rollup(
    name="library_sessions",
    table="library_sessions_rows",
    dimensions=("event", "unit", "session_id", "environment"),
    measures={"count": count(), "errors": count(where=equals("outcome", "error"))},
    window=timedelta(hours=1),
    events=("library.search", "library.item_selected", "library.item_created"),
    emit_every=timedelta(seconds=15),
)
