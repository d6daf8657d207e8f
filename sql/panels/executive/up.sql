-- title: Application up
-- section: How well it runs
-- place: 30
-- unit: share
-- plot: figure
-- width: 3
-- bounds: application_up.objective
-- think: Each 0.1 % of a month is 43 minutes in which nobody could work.
-- definition: Minutes up of the minutes that were probed, by day (view `availability_minutes`); the figure is of the last day.
-- freshness: a minute
-- evidence: 10
SELECT toDate(minute) AS t, hits / n AS value, countIf(state = 'up') AS hits, countIf(state != 'unknown') AS n
FROM availability_minutes
WHERE target = 'application' AND $__timeFilter(minute)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY t
HAVING n > 0
ORDER BY t
