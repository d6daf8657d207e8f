-- title: Database: duration of a query, 95 of 100 are faster
-- section: Database and cache
-- place: 20
-- unit: ms
-- plot: lines
-- width: 4
-- alerts: DatabaseErrors
-- think: If this rises together with the operations above, the database is the cause; if not, look at the application.
-- definition: p95 of all statements within 1 %, by the service that asks.
-- freshness: 2 s after the query
-- evidence: 10
SELECT
    $__timeInterval(window_start) AS t,
    service AS series,
    latency_quantile(sumMap(duration_sketch), 0.95) AS value,
    sum(duration_count) AS n
FROM
(
    SELECT window_start, service, duration_sketch, duration_count FROM operations
    WHERE $__interval_s < 3600 AND event = 'db.query' AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
    UNION ALL
    SELECT window_start, service, duration_sketch, duration_count FROM operations_hourly
    WHERE $__interval_s >= 3600 AND event = 'db.query' AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
)
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
