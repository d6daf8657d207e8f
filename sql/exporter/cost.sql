-- every: 10m
-- labels: currency
-- name: tidegauge_cost
-- help: What the application costs this month, in the currency.
-- name: tidegauge_cost_before
-- help: What it cost the month before.
SELECT
    currency,
    sumIf(amount, month_ = this) + sumIf(monthly, month_ <= this),
    sumIf(amount, month_ = addMonths(this, -1)) + sumIf(monthly, month_ <= addMonths(this, -1))
FROM
(
    SELECT
        c.currency AS currency,
        toStartOfMonth(c.month) AS month_,
        toStartOfMonth(toDate(now('UTC'))) AS this,
        if(c.kind = 'one_time', c.amount, 0) AS amount,
        if(c.kind = 'monthly', c.amount, 0) AS monthly
    FROM costs AS c
)
GROUP BY currency
LIMIT 10
