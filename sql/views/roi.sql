-- Is it worth its cost? roi(currency = 'EUR'): one row a month (UTC), from the first cost or saving to the last month with estimates.
--
-- Two tables are filled by people. What an hour of the people who estimate costs, from a month on until a later row:
--   INSERT INTO hourly_rates (valid_from, amount, currency, note) VALUES ('2026-01-01', 65, 'EUR', 'mean of all sites')
-- What the application costs, `one_time` in one month or `monthly` from a month on; to change or end a monthly cost, insert the
-- difference, and to take anything back, insert it with a negative amount:
--   INSERT INTO costs (month, kind, amount, currency, note) VALUES ('2026-01-01', 'one_time', 40000, 'EUR', 'introduction'),
--       ('2026-02-01', 'monthly', 1500, 'EUR', 'licences'), ('2026-07-01', 'monthly', -500, 'EUR', 'fewer licences')
-- Costs in other currencies, and months whose hourly rate is in another, are left out.
--
-- Hours and money saved are those of the view `time_savings`, from `estimates_with` library items against `estimates_without`;
-- months without both kinds count as nothing saved. Totals run from the first row on. roi = (total_saved - total_cost) /
-- total_cost: 0.5 is half as much again as was spent. `payback_months` is after how many months, counted from the first cost, the savings first
-- covered the costs; NULL until they do. `expected_payback_months` is how long it takes at the pace so far: one-time costs over
-- the mean month's savings less its monthly costs; NULL where nothing is left of them. Low and high are 95 %
-- intervals that follow from those of the savings; those of totals add the months' own up, which is cautious (wider than needed).
-- The current month is not over, and its figures are those so far.
CREATE OR REPLACE VIEW roi AS
WITH
    saved AS (SELECT * FROM time_savings WHERE currency = {currency:String}),
    spent AS
    (
        SELECT
            toStartOfMonth(c.month) AS month,
            sumIf(c.amount, c.kind = 'one_time') AS one_time,
            sumIf(c.amount, c.kind = 'monthly') AS monthly_change
        FROM costs AS c
        WHERE c.currency = {currency:String}
        GROUP BY month
    ),
    (SELECT minOrNull(month) FROM spent) AS first_cost_month,
    -- Not of `saved`, which would be worked out twice: months before the first cost or saving are left out at the end.
    (SELECT minOrNull(month) FROM
        (SELECT toStartOfMonth(minOrNull(time)) AS month FROM estimates_rows UNION ALL SELECT month FROM spent)) AS first_month,
    (SELECT toStartOfMonth(max(time)) FROM estimates_rows) AS last_month,
    calendar AS
    (
        SELECT addMonths(assumeNotNull(first_month), number) AS month
        FROM numbers(toUInt64(greatest(0, ifNull(dateDiff('month', first_month, last_month) + 1, 0))))
    ),
    priced AS
    (
        SELECT c.month AS month, s.*, p.one_time AS one_time_cost,
            ifNull(s.currency, '') != '' OR p.month = c.month AS is_told,
            sum(p.monthly_change) OVER (ORDER BY c.month) AS monthly_cost
        FROM calendar AS c
        LEFT JOIN saved AS s ON s.month = c.month
        LEFT JOIN spent AS p ON p.month = c.month
    ),
    totals AS
    (
        SELECT
            m.*,
            m.one_time_cost + m.monthly_cost AS cost,
            sum(m.estimates_with) OVER so_far AS total_estimates_with,
            sum(ifNull(m.money_saved, 0)) OVER so_far AS total_saved,
            sum(ifNull(m.money_saved_low, ifNull(m.money_saved, 0))) OVER so_far AS total_saved_low,
            sum(ifNull(m.money_saved_high, ifNull(m.money_saved, 0))) OVER so_far AS total_saved_high,
            sum(cost) OVER so_far AS total_cost,
            sum(m.one_time_cost) OVER so_far AS total_one_time_cost,
            sum(m.monthly_cost) OVER so_far AS total_monthly_cost,
            dateDiff('month', first_cost_month, m.month) + 1 AS months,
            sum(m.is_told) OVER so_far AS told_months
        FROM priced AS m
        WINDOW so_far AS (ORDER BY m.month)
    )
SELECT
    t.month AS month,
    t.estimates_with AS estimates_with,
    t.estimates_without AS estimates_without,
    t.hours_saved AS hours_saved,
    t.hours_saved_low AS hours_saved_low,
    t.hours_saved_high AS hours_saved_high,
    t.money_saved AS money_saved,
    t.money_saved_low AS money_saved_low,
    t.money_saved_high AS money_saved_high,
    t.one_time_cost AS one_time_cost,
    t.monthly_cost AS monthly_cost,
    t.total_estimates_with AS total_estimates_with,
    t.total_saved AS total_saved,
    t.total_saved_low AS total_saved_low,
    t.total_saved_high AS total_saved_high,
    t.total_cost AS total_cost,
    if(t.total_cost > 0, t.total_saved / t.total_cost - 1, NULL) AS roi,
    if(t.total_cost > 0, t.total_saved_low / t.total_cost - 1, NULL) AS roi_low,
    if(t.total_cost > 0, t.total_saved_high / t.total_cost - 1, NULL) AS roi_high,
    minOrNullIf(t.months, t.total_cost > 0 AND t.total_saved >= t.total_cost) OVER (ORDER BY t.month) AS payback_months,
    if(t.total_saved > t.total_monthly_cost,
        t.total_one_time_cost * t.months / (t.total_saved - t.total_monthly_cost), NULL) AS expected_payback_months,
    if(t.total_saved_high > t.total_monthly_cost,
        t.total_one_time_cost * t.months / (t.total_saved_high - t.total_monthly_cost), NULL) AS expected_payback_months_low,
    if(t.total_saved_low > t.total_monthly_cost,
        t.total_one_time_cost * t.months / (t.total_saved_low - t.total_monthly_cost), NULL) AS expected_payback_months_high
FROM totals AS t
WHERE t.told_months > 0
ORDER BY month;
