-- title: Statements that take the database's time
-- section: Database and cache
-- place: 10
-- unit: ms
-- plot: table
-- width: 12
-- alerts: QueriesSlow
-- think: The first line is worth an index or a cache: it takes the largest share of the database's time.
-- definition: Statements without their values (fingerprints) of the range, at most 7 days of it, by total time. p95 is within 1 %.
-- freshness: 2 s after the query
-- evidence: 20
SELECT
    fingerprint AS statement,
    database,
    queries AS n,
    time_share,
    mean_ms,
    p95_ms,
    max_ms,
    errors
FROM slow_queries(since = greatest($__fromTime, $__toTime - INTERVAL 7 DAY), until = $__toTime)
WHERE 1 = 1
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
ORDER BY total_ms DESC
LIMIT 8
