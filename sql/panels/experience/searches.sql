-- title: Searches that find nothing
-- section: Features
-- place: 30
-- unit: share
-- plot: lines
-- width: 6
-- think: A rise means that people look for what the library does not have: ask for the queries and add the items.
-- definition: Searches without a result of those that say how much they found (view `searches`).
-- freshness: 6 s after the search
-- evidence: 20
SELECT $__timeInterval(minute) AS t, service AS series, hits / n AS value, sum(s.without_result) AS hits, sum(s.answered) AS n
FROM searches AS s
WHERE $__timeFilter(minute)
AND $__conditionalAll(service IN (${service:singlequote}), $service)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
