-- every: 1m
-- labels: cache
-- name: tidegauge_cache_hit_ratio
-- help: Share of the lookups of the last hour that found what was asked for.
-- name: tidegauge_cache_lookups
-- help: Lookups of the last hour.
SELECT c.cache, sum(c.hits) / sum(c.count), sum(c.count)
FROM cache_access AS c
WHERE minute > now('UTC') - INTERVAL 1 HOUR
GROUP BY c.cache
ORDER BY sum(c.count) DESC
LIMIT 50
