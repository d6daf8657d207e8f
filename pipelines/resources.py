"""What do the machines spend their time on? Database statements, caches, and what hosts use.

One row: one fingerprint of a statement, one cache, or one host in one minute; a key that missed, in ten. A fingerprint is a
statement without its literals (`pipelines.fingerprint`), so that one query in a thousand guises is one line.
"""

from datetime import timedelta

from pipelines.rollup import Rollup, count, equals, known, max_of, min_of, sketch_of, sum_of

MINUTE = timedelta(minutes=1)

DB_QUERIES = Rollup(
    name="db_queries",
    table="db_queries_rows",
    dimensions=("fingerprint", "database", "service", "environment"),
    measures={
        "count": count(),
        "outcomes": count(where=known("outcome")),
        "errors": count(where=equals("outcome", "error")),
        "duration_count": count(where=known("duration_ms")),
        "duration_sum_ns": sum_of("duration_ms", scale=1_000_000),
        "duration_max_ms": max_of("duration_ms"),
        "duration_sketch": sketch_of("duration_ms"),
        "rows_sum": sum_of("rows", scale=1),
    },
    window=MINUTE,
    events=("db.query",),
)

CACHE_ACCESS = Rollup(
    name="cache_access",
    table="cache_access_rows",
    dimensions=("cache", "service", "environment"),
    measures={"count": count(), "hits": count(where=equals("hit", True))},
    window=MINUTE,
    events=("cache.access",),
)

CACHE_MISSES = Rollup(
    name="cache_misses",
    table="cache_misses_rows",
    dimensions=("cache", "key", "environment"),
    measures={"misses": count()},
    window=timedelta(minutes=10),
    events=("cache.access",),
    where=equals("hit", False),
    emit_every=timedelta(seconds=15),
)

RESOURCE_USAGE = Rollup(
    name="resource_usage",
    table="resource_usage_rows",
    dimensions=("host", "environment"),
    measures={
        "samples": count(),
        "cpu_count": count(where=known("cpu_ratio")),
        "cpu_sum_millionths": sum_of("cpu_ratio", scale=1_000_000),
        "cpu_min": min_of("cpu_ratio"),
        "cpu_max": max_of("cpu_ratio"),
        "memory_count": count(where=known("memory_bytes")),
        "memory_sum_bytes": sum_of("memory_bytes", scale=1),
        "memory_min_bytes": min_of("memory_bytes"),
        "memory_max_bytes": max_of("memory_bytes"),
        "connections_count": count(where=known("connections")),
        "connections_sum": sum_of("connections", scale=1),
        "connections_min": min_of("connections"),
        "connections_max": max_of("connections"),
    },
    window=MINUTE,
    events=("resource.sampled",),
)
