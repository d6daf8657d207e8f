-- Latency and errors of every event by the hour, for ranges of days and weeks: one row an hour, event, service, source, release and
-- environment. The same figures as `operations`, at most 15 seconds later, over a few hundredths of its rows.
CREATE OR REPLACE VIEW operations_hourly AS
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
FROM operations_hourly_rows AS r FINAL
GROUP BY window_start, event, service, source, release, environment;
