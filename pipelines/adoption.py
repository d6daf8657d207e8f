"""Who is active, who uses which feature, and for whom is a flag on? Adoption, counted by people and not by events.

One row: one unit in one hour, and what it did: anything at all (UNIT_ACTIVITY), one kind of use (FEATURE_USES), one outcome of
a flag (FLAG_EVALUATIONS). With units as rows, distinct users are exact over any period, and can be joined.

Which feature an event is a use of, is said by the view `feature_usage` and not here, so that it can change for the past too.
"""

from datetime import timedelta

from pipelines.rollup import Rollup, count, known, max_of, min_of

HOUR = timedelta(hours=1)
SELDOM = timedelta(seconds=15)
"""Rows by unit are many, and nobody waits for them as for a latency."""

UNIT_ACTIVITY = Rollup(
    name="unit_activity",
    table="unit_activity_rows",
    dimensions=("unit", "environment"),
    measures={"count": count(), "signed_in": count(where=known("user_id"))},
    window=HOUR,
    where=known("unit"),
    emit_every=SELDOM,
)

FEATURE_USES = Rollup(
    name="feature_uses",
    table="feature_uses_rows",
    dimensions=("event", "feature", "unit", "environment"),
    measures={
        "count": count(),
        "signed_in": count(where=known("user_id")),
        "first_ms": min_of("time"),
        "last_ms": max_of("time"),
    },
    window=HOUR,
    events=(
        "feature.used",
        "library.search",
        "library.item_selected",
        "library.item_created",
        "bulk.operation",
    ),
    where=known("unit"),
    emit_every=SELDOM,
)

FLAG_EVALUATIONS = Rollup(
    name="flag_evaluations",
    table="flag_evaluations_rows",
    dimensions=("flag", "variant", "unit", "environment"),
    measures={"count": count(), "first_ms": min_of("time")},
    window=HOUR,
    events=("flag.evaluated",),
    where=known("unit"),
    emit_every=SELDOM,
)
