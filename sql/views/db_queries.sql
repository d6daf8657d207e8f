-- Database statements by fingerprint: one row a minute, fingerprint, database, service and environment.
--
-- A fingerprint is a statement without its literals, parameters and comments: `?` stands for one of them or for a list. It is made
-- in the pipeline, so that values never become dimensions. `errors` count among the queries that carried an outcome (`outcomes`),
-- durations among those that carried one (`duration_count`).
CREATE OR REPLACE VIEW db_queries AS
SELECT
    window_start AS minute,
    fingerprint,
    database,
    service,
    environment,
    sum(r.count) AS count,
    sum(r.outcomes) AS outcomes,
    sum(r.errors) AS errors,
    sum(r.duration_count) AS duration_count,
    sum(r.duration_sum_ns) / 1e6 AS duration_sum_ms,
    max(r.duration_max_ms) AS duration_max_ms,
    sumMap(r.duration_sketch) AS duration_sketch,
    sum(r.rows_sum) AS rows
FROM db_queries_rows AS r FINAL
GROUP BY minute, fingerprint, database, service, environment;
