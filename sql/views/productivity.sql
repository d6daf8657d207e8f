-- How productive estimating is: one row a month (UTC) and measure: the mean of `count` values of `people` users, with its 95 %
-- interval, which knows that values of one user resemble each other (sql/functions/person_error.sql; NULL for fewer than two people,
-- and where all values are equal), and their median.
--
-- elements_per_estimate: elements (priced lines) of each estimate created in the month.
-- items_added_per_session: items taken from the library into an estimate or added to it, of each session that worked with the
--   library (searched, took or added) and began to in the month; attempts that failed do not count.
-- revisions_per_estimate: revisions of each estimate closed in the month.
-- estimates_per_user_week: estimates created by each user in each week (from Monday, in the month of that Monday) in which the
--   user created, revised or closed any.
CREATE OR REPLACE VIEW productivity AS
WITH
    counted AS
    (
        SELECT toStartOfMonth(assumeNotNull(e.created_at)) AS month, 'elements_per_estimate' AS measure, e.unit AS unit,
            toFloat64(assumeNotNull(e.elements_count)) AS value
        FROM estimates AS e
        WHERE e.created_at IS NOT NULL AND e.elements_count IS NOT NULL
        UNION ALL
        SELECT toStartOfMonth(min(s.window_start)), 'items_added_per_session', s.unit,
            toFloat64(sumIf(s.count - s.errors, s.event != 'library.search'))
        FROM library_sessions_rows AS s FINAL
        WHERE s.session_id != ''
        GROUP BY s.unit, s.session_id
        UNION ALL
        SELECT toStartOfMonth(assumeNotNull(e.closed_at)), 'revisions_per_estimate', e.unit, toFloat64(e.revisions)
        FROM estimates AS e
        WHERE e.closed_at IS NOT NULL
        UNION ALL
        SELECT toStartOfMonth(toStartOfWeek(e.time, 1)), 'estimates_per_user_week', e.unit,
            toFloat64(countIf(e.event = 'estimate.created'))
        FROM estimates_rows AS e FINAL
        WHERE e.unit != '' AND e.outcome != 'error'
        GROUP BY e.unit, toStartOfWeek(e.time, 1)
    ),
    persons AS
    (
        SELECT c.month AS month, c.measure AS measure, count() AS count, sum(c.value) AS total, groupArray(c.value) AS values
        FROM counted AS c
        GROUP BY month, measure, c.unit
    )
SELECT
    p.month AS month,
    p.measure AS measure,
    sum(p.count) AS count,
    count() AS people,
    sum(p.total) / count AS mean,
    mean - person_error(groupArray(p.total), groupArray(p.count)) AS mean_low,
    mean + person_error(groupArray(p.total), groupArray(p.count)) AS mean_high,
    quantileExactInclusiveArray(0.5)(p.values) AS median
FROM persons AS p
GROUP BY month, measure;
