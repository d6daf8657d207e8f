-- title: Processors in use
-- section: Machines
-- place: 10
-- unit: share
-- plot: lines
-- width: 4
-- think: A host near 100 % makes everything on it wait; one alone points to an uneven load.
-- definition: Mean of the hosts' samples, by host, weighted by how many there are.
-- freshness: 30 s
-- evidence: 1
SELECT
    $__timeInterval(minute) AS t,
    host AS series,
    sum(cpu_mean * cpu_count) / n AS value,
    sum(cpu_count) AS n
FROM resource_usage
WHERE $__timeFilter(minute)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
