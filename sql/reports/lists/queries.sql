-- The statements that took most of the database's time, with what tells why.
SELECT fingerprint, database, queries, time_share, mean_ms, p50_ms, p95_ms, rows_mean, errors
FROM slow_queries(since = $__fromTime, until = $__toTime)
ORDER BY total_ms DESC
LIMIT 5
