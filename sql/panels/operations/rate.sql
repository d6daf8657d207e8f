-- title: Events a second
-- section: Traffic
-- place: 10
-- unit: per second
-- plot: lines
-- width: 4
-- think: A sudden fall of all lines is an outage or a lost emitter, of one line a broken feature; a rise is load.
-- definition: Events counted, by operation: the six most frequent of the range, and all the others together.
-- freshness: 2 s after the event
-- evidence: 1
WITH busiest AS
(
    SELECT event FROM operations_hourly WHERE window_start >= $__fromTime - INTERVAL 1 HOUR AND window_start <= $__toTime
    GROUP BY event ORDER BY sum(operations_hourly.count) DESC LIMIT 6
)
SELECT
    $__timeInterval(window_start) AS t,
    if(event IN busiest, event, 'all others') AS series,
    n / greatest(10, least($__interval_s, dateDiff('second', t, $__toTime))) AS value,
    sum(count) AS n
FROM
(
    SELECT window_start, event, count FROM operations
    WHERE $__interval_s < 3600 AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
    UNION ALL
    SELECT window_start, event, count FROM operations_hourly
    WHERE $__interval_s >= 3600 AND $__timeFilter(window_start)
    AND $__conditionalAll(service IN (${service:singlequote}), $service)
    AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
    AND $__conditionalAll(release IN (${release:singlequote}), $release)
)
GROUP BY t, series
ORDER BY t, series
