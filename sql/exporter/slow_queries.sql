-- every: 1m
-- labels: database
-- name: tidegauge_query_p95_seconds
-- help: Of the queries of the last hour 95 % took no longer (within 1 %).
-- name: tidegauge_queries
-- help: Queries of the last hour.
SELECT database, latency_quantile(sumMap(q.duration_sketch), 0.95) / 1000, sum(q.count)
FROM db_queries_rows AS q FINAL
WHERE q.window_start > now('UTC') - INTERVAL 1 HOUR
GROUP BY database
HAVING sum(q.duration_count) > 0
ORDER BY sum(q.count) DESC
LIMIT 50
