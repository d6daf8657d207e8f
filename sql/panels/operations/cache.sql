-- title: Cache: found there
-- section: Database and cache
-- place: 30
-- unit: share
-- plot: lines
-- width: 4
-- alerts: CacheHitRateLow
-- think: A fall sends the load to the database; expect its queries to slow down next.
-- definition: Hits of all look-ups, by cache.
-- freshness: 2 s after the look-up
-- evidence: 20
SELECT
    $__timeInterval(minute) AS t,
    cache AS series,
    hits / n AS value,
    sum(c.hits) AS hits,
    sum(c.count) AS n
FROM cache_access AS c
WHERE $__timeFilter(minute)
AND $__conditionalAll(service IN (${service:singlequote}), $service)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY t, series
ORDER BY t, series
