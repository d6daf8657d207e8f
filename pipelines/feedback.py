"""What do users say and ask? Scores, ratings, bug reports and wishes one by one, and support tickets counted.

One fact row: one piece of feedback; a person's latest score must be found.
One row of the rollup: the support tickets of one area and severity in one hour.
"""

from datetime import timedelta

from pipelines.facts import Facts
from pipelines.rollup import Rollup, count

FEEDBACK = Facts(
    name="feedback",
    table="feedback_rows",
    columns=("unit", "session_id", "tenant_id", "environment", "release", "kind", "score", "feature", "area", "text"),
    events=("feedback.submitted",),
)

SUPPORT_TICKETS = Rollup(
    name="support_tickets",
    table="support_tickets_rows",
    dimensions=("area", "severity", "environment"),
    measures={"count": count()},
    window=timedelta(hours=1),
    events=("support.ticket_opened",),
    emit_every=timedelta(seconds=5),
)
