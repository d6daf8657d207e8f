-- Latency and errors of every event: one row a 10 s window, event, service, source, release and environment.
--
-- Add counts, sums and sketches (sumMap) up over any range, then ask latency_quantiles(sketch) for p50, p95 and p99 within 1 %. For more
-- than a day or two ask `operations_hourly`, which answers in a fraction of the time.
CREATE OR REPLACE VIEW operations ON CLUSTER 'tide' AS
SELECT
    window_start,
    event,
    service,
    source,
    release,
    environment,
    sum(r.count) AS count,
    sum(r.outcomes) AS outcomes,
    sum(r.errors) AS errors,
    sum(r.duration_count) AS duration_count,
    sum(r.duration_sum_ns) / 1e6 AS duration_sum_ms,
    max(r.duration_max_ms) AS duration_max_ms,
    sumMap(r.duration_sketch) AS duration_sketch
FROM operations_rows AS r FINAL
GROUP BY window_start, event, service, source, release, environment
COMMENT 'Latency and errors of every event: one row a 10 s window, event, service, source, release and environment.

Add counts, sums and sketches (sumMap) up over any range, then ask latency_quantiles(sketch) for p50, p95 and p99 within 1 %. For more
than a day or two ask `operations_hourly`, which answers in a fraction of the time.';
