-- title: Active users
-- place: 45
-- unit: number
-- better: above
-- evidence: 1
-- definition: Distinct users with any event in the 28 days (weekly: 7 days) that end with the last day (view `adoption_daily`). Interval: that of a count (Poisson).
SELECT toFloat64(n) AS value, n - 1.96 * sqrt(n) AS low, n + 1.96 * sqrt(n) AS high, argMax(if(${period:singlequote} = 'week', active_7d, active_28d), day) AS n
FROM adoption_daily
WHERE day >= toDate($__fromTime) AND day < toDate($__toTime)
