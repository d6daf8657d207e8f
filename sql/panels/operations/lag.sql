-- title: Age of the newest figure
-- section: Pipeline
-- place: 10
-- unit: s
-- plot: figure
-- width: 3
-- alerts: EventsStale, LagGrowing, EventsSilent, SinkAway, ShardMissing
-- think: More than some ten seconds means that the pipeline or an emitter stands still, and everything else on this page is old.
-- definition: From the end of the newest 10 s window that holds an event to the end of the range; 0 while it is still open.
-- freshness: it is the freshness
-- evidence: 1
SELECT
    $__toTime AS t,
    toFloat64(greatest(0, dateDiff('second', max(window_start) + INTERVAL 10 SECOND, $__toTime))) AS value,
    count() AS n
FROM operations
WHERE $__timeFilter(window_start)
HAVING n > 0
