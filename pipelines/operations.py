"""How fast and how faulty is each operation? Latency and error rate of every event.

One row: what happened in 10 seconds (or an hour) to one event name, by service, source, release and environment. What carries a
duration has a latency, what carries an outcome has an error rate; an event with neither is only counted.
"""

from dataclasses import replace
from datetime import timedelta

from pipelines.rollup import Rollup, count, equals, known, max_of, sketch_of, sum_of

OPERATIONS = Rollup(
    name="operations",
    table="operations_rows",
    dimensions=("event", "service", "source", "release", "environment"),
    measures={
        "count": count(),
        "outcomes": count(where=known("outcome")),
        "errors": count(where=equals("outcome", "error")),
        "duration_count": count(where=known("duration_ms")),
        "duration_sum_ns": sum_of("duration_ms", scale=1_000_000),
        "duration_max_ms": max_of("duration_ms"),
        "duration_sketch": sketch_of("duration_ms"),
    },
    window=timedelta(seconds=10),
)

OPERATIONS_HOURLY = replace(
    OPERATIONS,
    name="operations_hourly",
    table="operations_hourly_rows",
    window=timedelta(hours=1),
    emit_every=timedelta(seconds=15),
)
