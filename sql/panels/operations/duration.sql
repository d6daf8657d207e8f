-- title: Duration, 95 of 100 are faster
-- section: Traffic
-- place: 30
-- unit: ms
-- plot: lines
-- width: 4
-- bounds: library_search.slower_than, factor_calculation.slower_than, page_load.slower_than
-- alerts: LibrarySearchSlow, FactorCalculationSlow, PageLoadSlow
-- think: A line that stays above its own dashed line makes users wait longer than we promised.
-- definition: p95 within 1 % of the operations that a promise is about, and of the server's requests.
-- freshness: 2 s after the event
-- evidence: 10
SELECT
    $__timeInterval(window_start) AS t,
    event AS series,
    latency_quantile(sumMap(duration_sketch), 0.95) AS value,
    sum(duration_count) AS n
FROM
(
    SELECT window_start, event, duration_sketch, duration_count FROM operations
    WHERE $__interval_s < 3600 AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
    UNION ALL
    SELECT window_start, event, duration_sketch, duration_count FROM operations_hourly
    WHERE $__interval_s >= 3600 AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
)
WHERE event IN ('library.search', 'factor.calculated', 'page.viewed', 'request.served')
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
