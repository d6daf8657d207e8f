-- What each variant of an experiment did for a goal: experiment_results(experiment = '…', goal = '…', window_hours = 24).
-- One row a variant.
--
-- Units: exposed to this variant and to no other; the first exposure counts. Units that saw two variants or more are left out of
-- everything else and counted in units_in_two, with the variant that they saw first.
-- Conversions: units that reached the goal at least once at or after their first exposure and at most window_hours later, both
-- ends included. rate = conversions / units, with the 95 % interval of Wilson. goals: how often those units reached it in that time.
-- value_…: of the sums of the goal's value in that time, one sum a unit, 0 for a unit without; over all units of the variant. Variance
-- and covariance are those of a sample (n - 1), NULL below two units.
-- before_…: the covariate for CUPED, the same sum over the window_hours before the first exposure, which itself is not part of it;
-- before_covariance is that of both sums.
--
-- Exposures are read without FINAL: an older version of a row has a later first moment, or the same.
CREATE OR REPLACE VIEW experiment_results AS
WITH
    toInt64(round({window_hours:Float64} * 3600000)) AS window_ms,
    units AS
    (
        SELECT
            unit,
            argMin(e.variant, (e.first_ms, e.variant)) AS variant,
            toInt64(min(e.first_ms)) AS exposed_ms,
            uniqExact(e.variant) > 1 AS in_two
        FROM experiment_exposures_rows AS e
        WHERE experiment = {experiment:String}
        GROUP BY unit
    ),
    outcomes AS
    (
        SELECT
            unit,
            countIf(after BETWEEN 0 AND window_ms) AS goals,
            sumIf(ifNull(value, 0), after BETWEEN 0 AND window_ms) AS y,
            sumIf(ifNull(value, 0), after BETWEEN -window_ms AND -1) AS x
        FROM
        (
            SELECT units.unit AS unit, g.value AS value, toUnixTimestamp64Milli(g.time) - units.exposed_ms AS after
            FROM experiment_goals AS g
            INNER JOIN units ON units.unit = g.unit
            WHERE g.goal = {goal:String}
        )
        GROUP BY unit
    )
SELECT
    units.variant AS variant,
    countIf(NOT in_two) AS units,
    countIf(in_two) AS units_in_two,
    countIf(NOT in_two AND outcomes.goals > 0) AS conversions,
    conversions / nullIf(units, 0) AS rate,
    wilson_low(conversions, units) AS rate_low,
    wilson_high(conversions, units) AS rate_high,
    sumIf(outcomes.goals, NOT in_two) AS goals,
    sumIf(y, NOT in_two) AS value_sum,
    sumIf(y * y, NOT in_two) AS value_sum_squares,
    value_sum / nullIf(units, 0) AS value_mean,
    if(units > 1, varSampStableIf(y, NOT in_two), NULL) AS value_variance,
    sumIf(x, NOT in_two) / nullIf(units, 0) AS before_mean,
    if(units > 1, varSampStableIf(x, NOT in_two), NULL) AS before_variance,
    if(units > 1, covarSampStableIf(x, y, NOT in_two), NULL) AS before_covariance
FROM units
LEFT JOIN outcomes ON outcomes.unit = units.unit
GROUP BY variant
ORDER BY variant;
