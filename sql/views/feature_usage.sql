-- Who used which feature in which hour: one row a unit, feature, hour and environment.
--
-- A use is an event feature.used, or one that is the use of a feature by itself: searching the library, taking items from it and
-- adding to it are uses of `library`, bulk operations of `bulk-edit` (the function feature_of has the list). `uses` counts events:
-- an application that sends both kinds for one use has it twice here, and the user still once in every count of users.
-- A unit is a user, or a device where the user is not known (`unit_kind`).
CREATE OR REPLACE VIEW feature_usage AS
SELECT
    window_start AS hour,
    feature_of(r.event, r.feature) AS feature,
    unit,
    if(sum(r.signed_in) > 0, 'user', 'device') AS unit_kind,
    environment,
    sum(r.count) AS uses,
    fromUnixTimestamp64Milli(toInt64(min(r.first_ms)), 'UTC') AS first_use,
    fromUnixTimestamp64Milli(toInt64(max(r.last_ms)), 'UTC') AS last_use
FROM feature_uses_rows AS r FINAL
GROUP BY hour, feature, unit, environment;
