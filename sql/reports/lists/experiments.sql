-- Experiments: since when, until when anybody was exposed, and how many units. The archive knows every exposure of the last 30 days, the
-- view of exposures the first of every unit, however long ago.
WITH seen AS
(
    SELECT JSONExtractString(properties, 'experiment') AS experiment, max(time) AS latest FROM events
    WHERE event = 'experiment.exposed' AND time < $__toTime
    GROUP BY experiment
)
SELECT
    e.experiment AS experiment,
    min(e.first_exposure) AS began,
    greatest(max(e.first_exposure), max(seen.latest)) AS newest,
    uniqExact(e.unit) AS units,
    newest >= $__fromTime AND newest < $__toTime - INTERVAL 2 DAY AS ended_in_period,
    newest >= $__toTime - INTERVAL 2 DAY AS is_running
FROM experiment_exposures AS e
LEFT JOIN seen ON seen.experiment = e.experiment
WHERE e.first_exposure < $__toTime
GROUP BY experiment
HAVING ended_in_period OR is_running
ORDER BY experiment
