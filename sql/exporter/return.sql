-- every: 10m
-- labels: currency
-- name: tidegauge_return
-- help: Savings less costs, over costs, from the first month on (the view roi).
-- name: tidegauge_return_high
-- help: Upper end of its 95 % interval.
-- name: tidegauge_saved
-- help: Saved from the first month on, in the currency.
-- name: tidegauge_cost_total
-- help: Spent from the first month on, in the currency.
-- name: tidegauge_cost_months
-- help: Months since the first cost.
-- each: SELECT DISTINCT currency FROM costs LIMIT 10
SELECT
    {currency:String},
    roi,
    roi_high,
    total_saved,
    total_cost,
    dateDiff('month', (SELECT min(month) FROM costs WHERE currency = {currency:String}), toDate(now('UTC')))
FROM roi(currency = {currency:String})
ORDER BY month DESC
LIMIT 1
