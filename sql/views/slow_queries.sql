-- Which statements cost most? One row a fingerprint, database and environment, over the minutes from `since` up to `until`
-- (without `until`): slow_queries(since = '2026-11-24 00:00:00', until = '2026-11-25 00:00:00').
--
-- Order by `total_ms` for what the database spends its time on, by `p95_ms` for what makes users wait. `time_share` is the share of
-- the time of all statements. p50, p95 (within 1 %, NaN where there are none) and the mean are of the queries that carried a
-- duration (`timed`); the error rate is of those that carried an outcome (`outcomes`), NULL where none did.
CREATE OR REPLACE VIEW slow_queries AS
SELECT
    fingerprint,
    database,
    environment,
    sum(q.count) AS queries,
    sum(q.duration_count) AS timed,
    sum(q.duration_sum_ns) / 1e6 AS total_ms,
    total_ms / nullIf(sum(total_ms) OVER (), 0) AS time_share,
    total_ms / nullIf(timed, 0) AS mean_ms,
    latency_quantile(sumMap(q.duration_sketch) AS sketch, 0.5) AS p50_ms,
    latency_quantile(sketch, 0.95) AS p95_ms,
    max(q.duration_max_ms) AS max_ms,
    sum(q.outcomes) AS outcomes,
    sum(q.errors) AS errors,
    errors / nullIf(outcomes, 0) AS error_rate,
    sum(q.rows_sum) / nullIf(queries, 0) AS rows_mean
FROM db_queries_rows AS q FINAL
WHERE q.window_start >= {since:DateTime('UTC')} AND q.window_start < {until:DateTime('UTC')}
GROUP BY fingerprint, database, environment;
