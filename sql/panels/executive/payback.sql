-- title: Payback
-- section: What it brings
-- place: 40
-- unit: months
-- plot: figure
-- width: 3
-- think: The shorter the better; where it is longer than you plan to use the application, it does not pay.
-- definition: How long the one-time cost takes to come back at the pace so far: one-time cost over the mean month's savings less its monthly cost (view `roi`).
-- freshness: 2 s after an estimate
-- evidence: 20
-- empty: Needs a one-time cost in the table `costs`, and savings above the monthly cost.
SELECT month AS t, expected_payback_months AS value, expected_payback_months_low AS low, expected_payback_months_high AS high,
    total_estimates_with AS n
FROM roi(currency = 'EUR')
WHERE month <= toDate($__toTime) AND expected_payback_months > 0
ORDER BY t
