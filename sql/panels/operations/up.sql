-- title: Minutes up
-- section: Traffic
-- place: 60
-- unit: share
-- plot: lines
-- width: 4
-- bounds: application_up.objective
-- alerts: ApplicationDown, DatabaseDown
-- think: Any dip is time in which nobody could work; a gap means that nobody looked.
-- definition: Minutes in which more than half of the probes were answered, of the minutes that were probed; minutes without a probe count as neither.
-- freshness: a minute
-- evidence: 1
SELECT
    $__timeInterval(minute) AS t,
    target AS series,
    hits / n AS value,
    countIf(state = 'up') AS hits,
    countIf(state != 'unknown') AS n
FROM availability_minutes
WHERE $__timeFilter(minute)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
