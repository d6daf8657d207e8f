-- title: Search: 95 of 100 answer within
-- section: How well it runs
-- place: 10
-- unit: ms
-- plot: figure
-- width: 3
-- bounds: search_p95
-- think: Search is what people do all day: above the target they wait and go back to their spreadsheets.
-- definition: p95 of `library.search` within 1 %, by day; the last day is the one that runs.
-- freshness: 15 s after the event
-- evidence: 50
SELECT toDate(window_start) AS t, latency_quantile(sumMap(duration_sketch), 0.95) AS value, sum(duration_count) AS n
FROM operations_hourly
WHERE event = 'library.search' AND $__timeFilter(window_start)
AND $__conditionalAll(service IN (${service:singlequote}), $service)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
AND $__conditionalAll(release IN (${release:singlequote}), $release)
GROUP BY t
HAVING n > 0
ORDER BY t
