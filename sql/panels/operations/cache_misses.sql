-- title: Keys that were wanted and not there
-- section: Database and cache
-- place: 40
-- unit: number
-- plot: bars
-- width: 4
-- think: A key with a long bar should be kept longer, or fetched before it is asked for.
-- definition: Misses by cache and key over the ten-minute windows of the range, at most 7 days of it.
-- freshness: 2 s after the look-up
-- evidence: 1
SELECT
    concat(cache, ': ', key) AS label,
    toFloat64(n) AS value,
    sum(m.misses) AS n
FROM cache_misses(since = greatest($__fromTime, $__toTime - INTERVAL 7 DAY), until = $__toTime) AS m
WHERE 1 = 1
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY label
ORDER BY n DESC
LIMIT 8
