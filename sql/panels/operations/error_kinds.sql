-- title: Errors by kind
-- section: Traffic
-- place: 40
-- unit: number
-- plot: bars
-- width: 4
-- think: The longest bar is what to search the logs for.
-- definition: Events `error.raised` of the range by kind and code; `handled` are those that the application dealt with itself.
-- freshness: 2 s after the event
-- evidence: 1
SELECT
    if(code = '', kind, concat(kind, ' ', code)) AS label,
    toFloat64(n) AS value,
    sum(e.handled) AS handled,
    sum(e.count) AS n
FROM errors AS e
WHERE $__timeFilter(window_start) AND event = 'error.raised'
AND $__conditionalAll(service IN (${service:singlequote}), $service)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
AND $__conditionalAll(release IN (${release:singlequote}), $release)
GROUP BY label
ORDER BY n DESC
LIMIT 8
