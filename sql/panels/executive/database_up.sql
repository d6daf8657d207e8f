-- title: Database up
-- section: How well it runs
-- place: 40
-- unit: share
-- plot: figure
-- width: 3
-- bounds: database_up.objective
-- think: The database carries everything else: its minutes down are everybody's.
-- definition: Minutes up of the minutes that were probed, by day (view `availability_minutes`); the figure is of the last day.
-- freshness: a minute
-- evidence: 10
SELECT toDate(minute) AS t, hits / n AS value, countIf(state = 'up') AS hits, countIf(state != 'unknown') AS n
FROM availability_minutes
WHERE target = 'database' AND $__timeFilter(minute)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY t
HAVING n > 0
ORDER BY t
