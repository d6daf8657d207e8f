-- title: Saved and spent, added up
-- section: Cost and benefit
-- place: 10
-- unit: EUR
-- plot: lines
-- width: 6
-- alerts: CostJump, ReturnNegative
-- think: Where "saved" crosses "spent" it has paid for itself.
-- definition: Money saved and costs, both added up month by month (view `roi`); the band is the interval of the savings.
-- freshness: 2 s after an estimate
-- evidence: 20
-- empty: Fill the tables `hourly_rates` and `costs`; docs/data-dictionary.md (view `roi`) says how.
SELECT month AS t, line.1 AS series, line.2 AS value, line.3 AS low, line.4 AS high, total_estimates_with AS n
FROM roi(currency = 'EUR')
ARRAY JOIN [('saved', toNullable(toFloat64(total_saved)), toNullable(toFloat64(total_saved_low)), toNullable(toFloat64(total_saved_high))),
    ('spent', toNullable(toFloat64(total_cost)), NULL, NULL)] AS line
WHERE month <= toDate($__toTime)
ORDER BY t, series
