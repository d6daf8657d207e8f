-- Adoption by day (UTC) and feature: how many of the active users use it. One row a day and feature, as long as anybody used it in
-- the 28 days that end with the day.
--
-- Users: units whose user is known. A device without a user is not counted, since its user may be counted already.
-- Active: had any event. active_1d counts the day itself, active_7d and active_28d the 7 and 28 days that end with it; users_1d,
-- users_7d and users_28d count in the same way who used the feature. All are exact distinct counts, over all environments.
-- share_…: users over active, with the 95 % interval of Wilson.
-- New: used the feature for the first time (in the 400 days that are kept) on that day; returning: used it on the day and before.
-- Stickiness: users of the day over users of 28 days (DAU/MAU), of the feature; active_stickiness: of the application.
--
-- Read without FINAL: an older version of a row says the same about who was there.
CREATE OR REPLACE VIEW adoption_daily AS
WITH
    -- The days of every unit, by feature and (as the feature '') of any activity.
    unit_days AS
    (
        SELECT '' AS feature, unit, arraySort(groupUniqArray(toDate(window_start))) AS days
        FROM unit_activity_rows
        WHERE signed_in > 0
        GROUP BY unit
        UNION ALL
        SELECT feature_of(r.event, r.feature) AS feature, unit, arraySort(groupUniqArray(toDate(window_start))) AS days
        FROM feature_uses_rows AS r
        WHERE signed_in > 0
        GROUP BY feature, unit
    ),
    -- How many units were there on a day and came back `gap` days later (28: or more, or not yet).
    gaps AS
    (
        SELECT feature, day, gap, is_first, count() AS units
        FROM unit_days
        ARRAY JOIN
            days AS day,
            arrayPushBack(arrayMap((next, this) -> least(next - this, 28), arrayPopFront(days), arrayPopBack(days)), 28) AS gap,
            arrayMap(number -> number = 1, arrayEnumerate(days)) AS is_first
        GROUP BY feature, day, gap, is_first
    ),
    -- A unit counts on each day by its latest day until then, so in no count twice.
    counts AS
    (
        SELECT
            feature,
            day + ago AS on_day,
            sumIf(units, ago = 0) AS in_1d,
            sumIf(units, ago < 7) AS in_7d,
            sum(units) AS in_28d,
            sumIf(units, ago = 0 AND is_first) AS first_timers
        FROM gaps
        ARRAY JOIN range(toUInt64(gap)) AS ago
        GROUP BY feature, on_day
    ),
    with_active AS
    (
        SELECT
            *,
            sumIf(in_1d, feature = '') OVER (PARTITION BY on_day) AS all_1d,
            sumIf(in_7d, feature = '') OVER (PARTITION BY on_day) AS all_7d,
            sumIf(in_28d, feature = '') OVER (PARTITION BY on_day) AS all_28d
        FROM counts
    )
SELECT
    on_day AS day,
    feature,
    all_1d AS active_1d,
    all_7d AS active_7d,
    all_28d AS active_28d,
    in_1d AS users_1d,
    in_7d AS users_7d,
    in_28d AS users_28d,
    users_1d / nullIf(active_1d, 0) AS share_1d,
    wilson_low(users_1d, active_1d) AS share_1d_low,
    wilson_high(users_1d, active_1d) AS share_1d_high,
    users_7d / nullIf(active_7d, 0) AS share_7d,
    wilson_low(users_7d, active_7d) AS share_7d_low,
    wilson_high(users_7d, active_7d) AS share_7d_high,
    users_28d / nullIf(active_28d, 0) AS share_28d,
    wilson_low(users_28d, active_28d) AS share_28d_low,
    wilson_high(users_28d, active_28d) AS share_28d_high,
    first_timers AS new_users,
    users_1d - new_users AS returning_users,
    users_1d / nullIf(users_28d, 0) AS stickiness,
    active_1d / nullIf(active_28d, 0) AS active_stickiness
FROM with_active
WHERE feature != '' AND on_day <= (SELECT toDate(max(window_start)) FROM unit_activity_rows);
