-- Retention by week of first use: of the users who began with a feature in a week, how many use it n weeks later.
-- One row a feature, cohort and week up to the latest.
--
-- Weeks are calendar weeks (Monday to Sunday, UTC). Cohort: the users (units whose user is known) whose first use of the feature, in
-- the 400 days that are kept, lies in cohort_week. Returned: used it at least once in the week that begins week_number weeks
-- later (week 0 is the cohort itself). The share has the 95 % interval of Wilson.
-- Complete: events of a later week are there; the share of a week that is not complete still grows.
--
-- Read without FINAL: an older version of a row says the same about who was there.
CREATE OR REPLACE VIEW retention_weekly AS
WITH
    unit_weeks AS
    (
        SELECT feature_of(r.event, r.feature) AS feature, unit, groupUniqArray(toMonday(window_start)) AS weeks
        FROM feature_uses_rows AS r
        WHERE signed_in > 0
        GROUP BY feature, unit
    ),
    returns AS
    (
        SELECT feature, arrayMin(weeks) AS cohort_week, week, count() AS users
        FROM unit_weeks
        ARRAY JOIN weeks AS week
        GROUP BY feature, cohort_week, week
    ),
    (SELECT toMonday(max(window_start)) FROM unit_activity_rows) AS latest_week,
    grid AS
    (
        SELECT feature, cohort_week, users AS cohort_users, cohort_week + 7 * week_number AS week_start, week_number
        FROM returns
        ARRAY JOIN range(toUInt64(intDiv(latest_week - cohort_week, 7) + 1)) AS week_number
        WHERE week = cohort_week
    )
SELECT
    grid.feature AS feature,
    grid.cohort_week AS cohort_week,
    grid.week_number AS week_number,
    grid.week_start AS week_start,
    grid.cohort_users AS cohort_users,
    returns.users AS returned,
    returned / cohort_users AS share,
    wilson_low(returned, cohort_users) AS share_low,
    wilson_high(returned, cohort_users) AS share_high,
    grid.week_start < latest_week AS complete
FROM grid
LEFT JOIN returns
    ON returns.feature = grid.feature AND returns.cohort_week = grid.cohort_week AND returns.week = grid.week_start;
