-- Does the library save time? One row a month (UTC) in which estimates were created.
--
-- Compared are the times that creating an estimate took, with library items (at least one element from it) and without;
-- estimates that do not say either are left out. `minutes_saved` is the mean without minus the mean with. `time_ratio` is how long
-- an estimate with library items takes as a multiple of one without (ratio of the geometric means: 0.6 is 40 % faster), which few
-- very long estimates cannot move. Both have 95 % intervals that know that the estimates of one person resemble each other: the
-- variance is summed by person (cluster-robust, CR1), with Student's t for `people` - 1. They are NULL with fewer than two people.
-- This compares what people chose to do, it is no experiment.
--
-- `hours_saved` = minutes_saved x estimates_with / 60. `money_saved` is that at the hourly rate which holds in the month: the row of
-- the table `hourly_rates` with the latest `valid_from` in or before the month (the view `roi` says how to fill it); without
-- one it is NULL. Low and high of both are those of `minutes_saved`.
CREATE OR REPLACE VIEW time_savings AS
WITH
    (SELECT arraySort(groupArray((valid_from, amount, currency))) FROM hourly_rates FINAL) AS rates,
    made AS
    (
        SELECT
            toStartOfMonth(assumeNotNull(e.created_at)) AS month,
            e.unit AS unit,
            assumeNotNull(e.used_library) AS library,
            assumeNotNull(e.creation_minutes) AS minutes
        FROM estimates AS e
        WHERE e.created_at IS NOT NULL AND e.used_library IS NOT NULL AND e.creation_minutes > 0
    ),
    months AS
    (
        SELECT
            m.month AS month,
            countIf(m.library) AS estimates_with,
            countIf(NOT m.library) AS estimates_without,
            uniqExact(m.unit) AS people,
            quantileExactInclusiveIf(0.5)(m.minutes, m.library) AS median_with,
            quantileExactInclusiveIf(0.5)(m.minutes, NOT m.library) AS median_without,
            avgIf(m.minutes, m.library) AS mean_with,
            avgIf(m.minutes, NOT m.library) AS mean_without,
            avgIf(log(m.minutes), m.library) AS log_with,
            avgIf(log(m.minutes), NOT m.library) AS log_without
        FROM made AS m
        GROUP BY month
    ),
    -- What each person adds to the error of the difference of the means, and of the means of the logarithms.
    persons AS
    (
        SELECT
            m.month AS month,
            sum(if(m.library, (m.minutes - t.mean_with) / t.estimates_with,
                (t.mean_without - m.minutes) / t.estimates_without)) AS error,
            sum(if(m.library, (log(m.minutes) - t.log_with) / t.estimates_with,
                (t.log_without - log(m.minutes)) / t.estimates_without)) AS log_error
        FROM made AS m
        INNER JOIN months AS t ON t.month = m.month
        GROUP BY month, m.unit
    ),
    spread AS
    (
        SELECT
            p.month AS month,
            t_975(toFloat64(count()) - 1) * sqrt(count() / (toFloat64(count()) - 1)) AS factor,
            factor * sqrt(sum(pow(p.error, 2))) AS error,
            factor * sqrt(sum(pow(p.log_error, 2))) AS log_error
        FROM persons AS p
        GROUP BY month
    ),
    compared AS
    (
        SELECT
            t.*,
            t.estimates_with > 0 AND t.estimates_without > 0 AS both,
            both AND t.people > 1 AS known,
            if(both, t.mean_without - t.mean_with, NULL) AS minutes_saved,
            if(known, minutes_saved - e.error, NULL) AS minutes_saved_low,
            if(known, minutes_saved + e.error, NULL) AS minutes_saved_high,
            if(both, exp(t.log_with - t.log_without), NULL) AS time_ratio,
            if(known, time_ratio * exp(-e.log_error), NULL) AS time_ratio_low,
            if(known, time_ratio * exp(e.log_error), NULL) AS time_ratio_high,
            arrayLast(rate -> toStartOfMonth(rate.1) <= t.month, rates) AS rate
        FROM months AS t
        INNER JOIN spread AS e ON e.month = t.month
    )
SELECT
    month,
    estimates_with,
    estimates_without,
    people,
    if(estimates_with > 0, median_with, NULL) AS median_minutes_with,
    if(estimates_without > 0, median_without, NULL) AS median_minutes_without,
    if(estimates_with > 0, mean_with, NULL) AS mean_minutes_with,
    if(estimates_without > 0, mean_without, NULL) AS mean_minutes_without,
    minutes_saved,
    minutes_saved_low,
    minutes_saved_high,
    time_ratio,
    time_ratio_low,
    time_ratio_high,
    minutes_saved * estimates_with / 60 AS hours_saved,
    minutes_saved_low * estimates_with / 60 AS hours_saved_low,
    minutes_saved_high * estimates_with / 60 AS hours_saved_high,
    nullIf(rate.2, 0) AS hourly_rate,
    rate.3 AS currency,
    hours_saved * hourly_rate AS money_saved,
    hours_saved_low * hourly_rate AS money_saved_low,
    hours_saved_high * hourly_rate AS money_saved_high
FROM compared;
