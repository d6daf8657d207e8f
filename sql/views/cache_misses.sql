-- Which keys were wanted most and not there? One row a cache, key and environment, over the ten-minute windows that begin from
-- `since` up to `until` (without `until`): cache_misses(since = '2026-11-24 00:00:00', until = '2026-11-25 00:00:00').
--
-- `share` is the share of all misses of the cache: a key with a large one deserves to be kept longer or fetched beforehand.
CREATE OR REPLACE VIEW cache_misses AS
SELECT
    cache,
    key,
    environment,
    sum(r.misses) AS misses,
    misses / sum(misses) OVER (PARTITION BY cache, environment) AS share
FROM cache_misses_rows AS r FINAL
WHERE r.window_start >= {since:DateTime('UTC')} AND r.window_start < {until:DateTime('UTC')}
GROUP BY cache, key, environment;
