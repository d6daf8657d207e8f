-- title: Memory in use
-- section: Machines
-- place: 20
-- unit: bytes
-- plot: lines
-- width: 4
-- think: A line that only climbs is a leak: it ends with a restart that nobody planned.
-- definition: Mean of the hosts' samples, by host, weighted by how many there are.
-- freshness: 30 s
-- evidence: 1
SELECT
    $__timeInterval(minute) AS t,
    host AS series,
    sum(memory_mean_bytes * memory_count) / n AS value,
    sum(memory_count) AS n
FROM resource_usage
WHERE $__timeFilter(minute)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
