-- The caches, the one that misses most first, with the key that is missed most and its share of the misses.
SELECT c.cache AS cache, c.hits AS hits, c.total AS n, c.hits / c.total AS value, wilson_low(c.hits, c.total) AS low, wilson_high(c.hits, c.total) AS high,
    m.key AS top_key, m.share AS top_share
FROM
(
    SELECT cache, sum(cache_access.hits) AS hits, sum(cache_access.count) AS total FROM cache_access
    WHERE minute >= $__fromTime AND minute < $__toTime GROUP BY cache
) AS c
LEFT JOIN
(
    SELECT cache, argMax(key, missed) AS key, max(missed) / sum(missed) AS share FROM
    (
        SELECT cache, key, sum(misses) AS missed FROM cache_misses(since = $__fromTime, until = $__toTime) GROUP BY cache, key
    )
    GROUP BY cache
) AS m ON m.cache = c.cache
ORDER BY c.total - c.hits DESC
LIMIT 5
