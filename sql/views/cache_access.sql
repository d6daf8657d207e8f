-- How often does a cache have what is asked for? One row a minute, cache, service and environment.
--
-- `hit_rate` is `hits` of `count`. Over a longer time take sum(hits) / sum(count), never the mean of the rates.
CREATE OR REPLACE VIEW cache_access AS
SELECT
    window_start AS minute,
    cache,
    service,
    environment,
    sum(r.count) AS count,
    sum(r.hits) AS hits,
    hits / count AS hit_rate
FROM cache_access_rows AS r FINAL
GROUP BY minute, cache, service, environment;
