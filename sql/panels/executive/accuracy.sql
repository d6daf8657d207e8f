-- title: Error of estimates with the library, beside those without
-- section: What it brings
-- place: 60
-- unit: share
-- plot: figure
-- width: 6
-- bounds: accuracy
-- think: 75 % means a quarter more accurate with the library; above 100 % the library makes estimates worse.
-- definition: Mean absolute error against the actual cost (MAPE, view `estimate_accuracy`) of closed estimates with library items, as a share of that of estimates without.
-- freshness: 2 s after an estimate is closed
-- evidence: 20
SELECT
    month AS t,
    maxIf(mape, library = 'with') / nullIf(maxIf(mape, library = 'without'), 0) AS value,
    least(maxIf(estimate_accuracy.count, library = 'with'), maxIf(estimate_accuracy.count, library = 'without')) AS n
FROM estimate_accuracy
WHERE month >= toStartOfMonth($__fromTime) AND month <= toDate($__toTime)
GROUP BY month
HAVING n > 0
ORDER BY t
