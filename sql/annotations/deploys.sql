-- title: Deploys
-- colour: blue
-- definition: The first event of a release in 35 days, to ten seconds; a release that is as old as the oldest event is none.
WITH
    hours AS
    (
        SELECT window_start AS hour, release FROM operations_hourly
        WHERE window_start >= $__fromTime - INTERVAL 35 DAY AND window_start <= $__toTime
    ),
    deployed AS
    (
        SELECT release, min(hours.hour) AS first_hour FROM hours WHERE release != '' GROUP BY release
        HAVING first_hour > (SELECT min(hours.hour) FROM hours) AND first_hour >= toStartOfHour($__fromTime)
    )
SELECT min(window_start) AS time, CAST(NULL, 'Nullable(DateTime(\'UTC\'))') AS timeEnd, concat('release ', release) AS text
FROM operations
WHERE window_start >= (SELECT min(first_hour) FROM deployed)
AND window_start < (SELECT max(first_hour) + INTERVAL 1 HOUR FROM deployed)
AND (release, toStartOfHour(window_start)) IN (SELECT release, first_hour FROM deployed)
GROUP BY release
HAVING time >= $__fromTime AND time <= $__toTime
ORDER BY time, text
