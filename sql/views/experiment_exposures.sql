-- Who was exposed to which variant of an experiment, and when first: one row a unit, experiment and variant.
--
-- A unit is a user, or a device where the user is not known. A unit with several rows for an experiment has seen several variants.
CREATE OR REPLACE VIEW experiment_exposures AS
SELECT
    experiment,
    unit,
    variant,
    fromUnixTimestamp64Milli(toInt64(min(r.first_ms)), 'UTC') AS first_exposure,
    sum(r.count) AS exposures
FROM experiment_exposures_rows AS r FINAL
GROUP BY experiment, unit, variant;
