-- title: Pages: 95 of 100 are there within
-- section: Features
-- place: 40
-- unit: ms
-- plot: lines
-- width: 6
-- bounds: page_load.slower_than
-- alerts: PageLoadSlow
-- think: One release above the other is a regression of that release; both above the dashed line is the network or the server.
-- definition: p95 of `page.viewed` within 1 %, by release.
-- freshness: 2 s after the event
-- evidence: 10
SELECT $__timeInterval(window_start) AS t, release AS series, latency_quantile(sumMap(duration_sketch), 0.95) AS value,
    sum(duration_count) AS n
FROM
(
    SELECT window_start, release, duration_sketch, duration_count FROM operations
    WHERE $__interval_s < 3600 AND event = 'page.viewed' AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
    UNION ALL
    SELECT window_start, release, duration_sketch, duration_count FROM operations_hourly
    WHERE $__interval_s >= 3600 AND event = 'page.viewed' AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
)
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
