-- title: Error rate
-- section: Traffic
-- place: 20
-- unit: share
-- plot: lines
-- width: 4
-- bounds: application_errors.allowed
-- alerts: ApplicationErrors
-- think: Above the dashed line users see more failures than we promised; the highest line is the operation to look at.
-- definition: Events whose outcome is `error`, of those that carry an outcome: the six operations of the range with most errors.
-- freshness: 2 s after the event
-- evidence: 5
WITH worst AS
(
    SELECT event FROM operations_hourly WHERE window_start >= $__fromTime - INTERVAL 1 HOUR AND window_start <= $__toTime
    GROUP BY event ORDER BY sum(operations_hourly.errors) DESC LIMIT 6
)
SELECT
    $__timeInterval(window_start) AS t,
    event AS series,
    if(n > 0, hits / n, NULL) AS value,
    sum(errors) AS hits,
    sum(outcomes) AS n
FROM
(
    SELECT window_start, event, errors, outcomes FROM operations
    WHERE $__interval_s < 3600 AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
    UNION ALL
    SELECT window_start, event, errors, outcomes FROM operations_hourly
    WHERE $__interval_s >= 3600 AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
)
WHERE event IN worst
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
