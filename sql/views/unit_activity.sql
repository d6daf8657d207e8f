-- Who was active in which hour: one row a unit, hour and environment.
--
-- A unit is a user, or a device where the user is not known (`unit_kind`). Any event of it makes it active, of the client or of
-- the server on its behalf.
CREATE OR REPLACE VIEW unit_activity AS
SELECT
    window_start AS hour,
    unit,
    if(sum(r.signed_in) > 0, 'user', 'device') AS unit_kind,
    environment,
    sum(r.count) AS events
FROM unit_activity_rows AS r FINAL
GROUP BY hour, unit, environment;
