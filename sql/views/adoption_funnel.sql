-- From a flag to a habit, adoption_funnel(flag = '…'): eligible, exposed, used, kept. One row a step.
--
-- Eligible: the flag was evaluated for the unit, with whatever result. Exposed: to a variant that is on (all but off, false, no,
-- none, disabled, control, 0 and an empty one: the function is_on). Used: used the feature that has the flag's name, at or after the
-- first such moment. Kept: used it again on a day (UTC) 7 to 28 days after the day of that first use.
-- Units are users, or devices where the user is not known.
--
-- units: how many reached the step. due: those of the step before who have had the time: all of them, but for `kept` only those
-- whose 28 days are over. reached: how many of the due reached the step; share = reached / due, with the 95 % interval of Wilson.
--
-- Read without FINAL: an older version of a row says the same, or a narrower span of the same hour that the newer contains.
CREATE OR REPLACE VIEW adoption_funnel AS
WITH
    evaluated AS
    (
        SELECT unit, countIf(is_on(variant)) > 0 AS is_exposed, minIf(first_ms, is_on(variant)) AS exposed_ms
        FROM flag_evaluations_rows
        WHERE flag = {flag:String}
        GROUP BY unit
    ),
    uses AS
    (
        SELECT unit, toDate(window_start) AS day, max(r.last_ms) AS last_ms
        FROM feature_uses_rows AS r
        WHERE feature_of(r.event, r.feature) = {flag:String}
        GROUP BY unit, day
    ),
    habits AS
    (
        SELECT unit, any(began) AS first_day, max(day - began BETWEEN 7 AND 28) AS is_kept
        FROM
        (
            SELECT unit, day, min(day) OVER (PARTITION BY unit) AS began
            FROM uses
            INNER JOIN evaluated USING (unit)
            WHERE is_exposed AND last_ms >= exposed_ms
        )
        GROUP BY unit
    ),
    (SELECT toDate(max(window_start)) FROM unit_activity_rows) AS latest_day,
    totals AS
    (
        SELECT
            (SELECT count() FROM evaluated) AS eligible,
            (SELECT countIf(is_exposed) FROM evaluated) AS exposed,
            count() AS used,
            sum(is_kept) AS kept,
            countIf(first_day + 28 < latest_day) AS kept_due,
            countIf(is_kept AND first_day + 28 < latest_day) AS kept_reached
        FROM habits
    )
SELECT
    row.1 AS step_number,
    row.2 AS step,
    row.3 AS units,
    row.4 AS due,
    row.5 AS reached,
    reached / nullIf(due, 0) AS share,
    wilson_low(reached, due) AS share_low,
    wilson_high(reached, due) AS share_high
FROM totals
ARRAY JOIN
    [
        (1, 'eligible', eligible, eligible, eligible),
        (2, 'exposed', exposed, eligible, exposed),
        (3, 'used', used, exposed, used),
        (4, 'kept', kept, kept_due, kept_reached)
    ] AS row
ORDER BY step_number;
