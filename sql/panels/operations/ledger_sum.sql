-- title: Records without a verdict
-- section: Pipeline
-- place: 20
-- unit: number
-- plot: figure
-- width: 3
-- alerts: LedgerMismatch
-- think: Anything but zero is a fault of the pipeline itself: records would be missing from the figures or be in them twice.
-- definition: Received minus counted, duplicate, rejected and late of each minute's ledger; the figure is of the whole range.
-- freshness: 2 s after the record
-- evidence: 1
SELECT
    $__toTime AS t,
    toFloat64(sum(toInt64(l.received) - toInt64(l.counted) - toInt64(l.duplicate) - toInt64(l.rejected) - toInt64(l.late))) AS value,
    sum(l.received) AS n
FROM ledger AS l
WHERE $__timeFilter(minute)
HAVING n > 0
