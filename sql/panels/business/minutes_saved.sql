-- title: Minutes saved on each estimate
-- section: Productivity
-- place: 20
-- unit: minutes
-- plot: lines
-- width: 6
-- think: A band that stays above zero says that the saving is real; a falling line says that it wears off.
-- definition: Mean time without minus mean time with library items, by month, with a 95 % interval that knows that the estimates of one person resemble each
--     other (view `time_savings`).
-- freshness: 2 s after an estimate
-- evidence: 20
SELECT month AS t, 'minutes saved' AS series, minutes_saved AS value, minutes_saved_low AS low, minutes_saved_high AS high,
    least(estimates_with, estimates_without) AS n
FROM time_savings
WHERE month >= toStartOfMonth($__fromTime) AND month <= toDate($__toTime)
ORDER BY t
