-- title: Search: 95 of 100 answer within
-- place: 10
-- unit: ms
-- bounds: search_p95
-- evidence: 100
-- definition: p95 of `library.search` within 1 %. Its interval is that of the order statistics around it, as if searches were independent.
SELECT
    latency_quantile(sketch, 0.95) AS value,
    latency_quantile(sketch, greatest(0.95 - 1.96 * sqrt(0.95 * 0.05 / n), 0.)) AS low,
    latency_quantile(sketch, least(0.95 + 1.96 * sqrt(0.95 * 0.05 / n), 1.)) AS high,
    sum(duration_count) AS n,
    sumMap(duration_sketch) AS sketch
FROM operations_hourly
WHERE event = 'library.search' AND window_start >= $__fromTime AND window_start < $__toTime
