-- title: Month by month
-- section: Cost and benefit
-- place: 20
-- unit: EUR
-- plot: table
-- width: 6
-- think: Read the interval of the return, not its middle: that is the worst and the best it can be.
-- definition: View `roi`: what each month saved and cost, and the return on all that was spent until then, with its 95 % interval.
-- freshness: 2 s after an estimate
-- evidence: 20
-- empty: Fill the tables `hourly_rates` and `costs`; docs/data-dictionary.md (view `roi`) says how.
SELECT formatDateTime(month, '%Y-%m') AS in_month, hours_saved AS saved_hours, money_saved AS saved_eur, one_time_cost + monthly_cost AS cost_eur,
    roi AS return_share, roi_low AS return_low_share, roi_high AS return_high_share, estimates_with AS n
FROM roi(currency = 'EUR')
WHERE month <= toDate($__toTime)
ORDER BY month DESC
LIMIT 12
