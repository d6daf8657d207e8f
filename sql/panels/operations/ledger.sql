-- title: Records that did not count
-- section: Pipeline
-- place: 30
-- unit: share
-- plot: lines
-- width: 6
-- bounds: rejected_events.allowed
-- alerts: EventsRejected, ClockSkew
-- think: A jump of `rejected` is an application that sends what nobody can read: look at the reasons beside it.
-- definition: Duplicate, rejected and late records of those that a topic received, by the time of the Kafka record. Late ones are in the figures.
-- freshness: 2 s after the record
-- evidence: 20
SELECT
    $__timeInterval(minute) AS t,
    verdict.1 AS series,
    hits / n AS value,
    sum(verdict.2) AS hits,
    sum(received) AS n
FROM ledger
ARRAY JOIN [('duplicate', duplicate), ('rejected', rejected), ('late', late)] AS verdict
WHERE $__timeFilter(minute)
GROUP BY t, series
HAVING n > 0
ORDER BY t, series
