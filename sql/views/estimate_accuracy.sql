-- How near estimates come to the actual cost: one row a month (UTC, of closing) and `library`: `with` and `without` library items,
-- `unknown` (their creation was not seen), and `all` of them together.
--
-- Compared is the last estimated cost with the actual cost of closed estimates that have both. The error of an estimate is
-- (estimated - actual) / actual. `mape` is the mean of its absolute value (mean absolute percentage error, as a share: 0.1 is
-- 10 %), `bias` its mean: negative is estimated too low. Both have 95 % intervals which know that estimates of one person
-- (who created them) resemble each other (sql/functions/person_error.sql). `within_10_share` is the share whose error is at
-- most 10 %, with its Wilson interval.
CREATE OR REPLACE VIEW estimate_accuracy AS
SELECT
    p.month AS month,
    p.library AS library,
    sum(p.count) AS count,
    count() AS people,
    sum(p.absolute) / count AS mape,
    mape - person_error(groupArray(p.absolute), groupArray(p.count)) AS mape_low,
    mape + person_error(groupArray(p.absolute), groupArray(p.count)) AS mape_high,
    sum(p.signed) / count AS bias,
    bias - person_error(groupArray(p.signed), groupArray(p.count)) AS bias_low,
    bias + person_error(groupArray(p.signed), groupArray(p.count)) AS bias_high,
    sum(p.within_10) AS within_10,
    within_10 / count AS within_10_share,
    wilson_low(within_10, count) AS within_10_share_low,
    wilson_high(within_10, count) AS within_10_share_high
FROM
(
    SELECT c.month AS month, c.library AS library, count() AS count, sum(c.error) AS signed, sum(abs(c.error)) AS absolute,
        countIf(abs(c.error) <= 0.1) AS within_10
    FROM
    (
        SELECT
            toStartOfMonth(assumeNotNull(e.closed_at)) AS month,
            arrayJoin(['all', multiIf(e.used_library IS NULL, 'unknown', e.used_library, 'with', 'without')]) AS library,
            e.unit AS unit,
            assumeNotNull((e.estimated_cost - e.actual_cost) / e.actual_cost) AS error
        FROM estimates AS e
        WHERE e.closed_at IS NOT NULL AND e.estimated_cost IS NOT NULL AND e.actual_cost > 0
    ) AS c
    GROUP BY month, library, c.unit
) AS p
GROUP BY month, library;
