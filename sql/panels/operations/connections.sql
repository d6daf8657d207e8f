-- title: Open connections
-- section: Machines
-- place: 30
-- unit: number
-- plot: lines
-- width: 4
-- think: A plateau at a round number is a limit that was reached; new requests wait there.
-- definition: Mean of the hosts' samples, by host, weighted by how many there are.
-- freshness: 30 s
-- evidence: 1
SELECT
    $__timeInterval(minute) AS t,
    host AS series,
    sum(connections_mean * connections_count) / n AS value,
    sum(connections_count) AS n
FROM resource_usage
WHERE $__timeFilter(minute)
AND $__conditionalAll(environment IN (${environment:singlequote}), $environment)
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
