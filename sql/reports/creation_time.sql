-- title: Time for an estimate with the library, as a share of the time without
-- place: 90
-- unit: share
-- bounds: creation_time
-- evidence: 20
-- monthly: yes
-- definition: Ratio of the geometric means of the month that the period ends in (view `time_savings`). People chose how they worked: no experiment.
SELECT time_ratio AS value, time_ratio_low AS low, time_ratio_high AS high, least(estimates_with, estimates_without) AS n
FROM time_savings
WHERE month = toStartOfMonth($__toTime - INTERVAL 1 SECOND)
