"""Which errors are raised, and which are recovered from? Errors by kind and code.

One row: one kind and code of error in 10 seconds, by event (raised or recovered), service, source, release, environment.
"""

from datetime import timedelta

from pipelines.rollup import Rollup, count, equals

ERRORS = Rollup(
    name="errors",
    table="errors_rows",
    dimensions=("event", "kind", "code", "service", "source", "release", "environment"),
    measures={"count": count(), "handled": count(where=equals("handled", True))},
    window=timedelta(seconds=10),
    events=("error.raised", "error.recovered"),
)
