-- Steps of journeys, one row each: who (`unit`: the user, or the device where the user is not known) reached which step when.
-- `journey_id` tells a user's runs through a journey apart, where the application sends it.
CREATE OR REPLACE VIEW journey_steps AS
SELECT
    time, received_at, unit, session_id, tenant_id, environment, journey, journey_id, step, step_index, late, partition, offset
FROM journey_steps_rows FINAL;
