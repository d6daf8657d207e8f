"""Were application and database there? What probes found, by minute.

One row: the probes of one target in one minute, and how many of them were answered. A minute without a row is unknown, which
is neither up nor down; the views say what follows.
"""

from datetime import timedelta

from pipelines.rollup import Rollup, count, equals

AVAILABILITY = Rollup(
    name="availability",
    table="availability_rows",
    dimensions=("target", "environment"),
    measures={"probes": count(), "answered": count(where=equals("up", True))},
    window=timedelta(minutes=1),
    events=("probe.checked",),
)
