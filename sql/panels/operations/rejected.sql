-- title: Why records were rejected
-- section: Pipeline
-- place: 40
-- unit: number
-- plot: table
-- width: 12
-- alerts: EventsRejected, DeadLetterJump
-- think: The first reason, with its example, is what to tell the team whose application sends it.
-- definition: Dead letters of the range by reason; they are kept for 7 days. `tidegauge sql "SELECT * FROM rejected_events"` has their bytes.
-- freshness: 2 s after the record
-- evidence: 1
-- empty: Nothing was rejected in this time: that is good.
SELECT
    reason,
    count() AS n,
    max(received_at) AS newest,
    substring(argMax(detail, received_at), 1, 120) AS example
FROM rejected_events
WHERE $__timeFilter(received_at)
GROUP BY reason
ORDER BY n DESC
LIMIT 8
