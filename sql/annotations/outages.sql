-- title: Outages
-- colour: red
-- definition: Minutes on end in which at most half of the probes of a target were answered.
SELECT
    min(minute) AS time,
    max(minute) + INTERVAL 1 MINUTE AS timeEnd,
    concat(target, ' down', if(environment IN ('', 'production'), '', concat(' in ', environment))) AS text
FROM
(
    SELECT target, environment, minute,
           intDiv(toUnixTimestamp(minute), 60) - row_number() OVER (PARTITION BY target, environment ORDER BY minute) AS stretch
    FROM availability_minutes
    WHERE state = 'down' AND $__timeFilter(minute)
)
GROUP BY target, environment, stretch
ORDER BY time, text
