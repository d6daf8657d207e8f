-- title: Time for an estimate with the library
-- section: What it brings
-- place: 50
-- unit: share
-- plot: figure
-- width: 6
-- bounds: creation_time
-- think: 50 % means twice as fast with the library; if it rises, the library no longer has what people need.
-- definition: Time of creating an estimate with library items as a share of the time without (ratio of geometric means, view `time_savings`), with a
--     95 % interval that knows that the estimates of one person resemble each other. People chose how they worked.
-- freshness: 2 s after an estimate
-- evidence: 20
SELECT month AS t, time_ratio AS value, time_ratio_low AS low, time_ratio_high AS high, least(estimates_with, estimates_without) AS n
FROM time_savings
WHERE month >= toStartOfMonth($__fromTime) AND month <= toDate($__toTime)
ORDER BY t
