-- title: Estimates made
-- section: Productivity
-- place: 50
-- unit: number
-- plot: lines
-- width: 6
-- think: This is the work itself: every share on this page is a share of it.
-- definition: Estimates created, by day (view `estimates`).
-- freshness: 2 s after an estimate
-- evidence: 1
SELECT toDate(created_at) AS t, if(used_library, 'with library', 'without') AS series, toFloat64(n) AS value, count() AS n
FROM estimates
WHERE $__timeFilter(created_at) AND used_library IS NOT NULL
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY t, series
ORDER BY t, series
