-- every: 10m
-- labels: experiment, variant, goal
-- name: tidegauge_experiment_conversion_difference
-- help: Conversion rate of the variant less that of the control, within 24 hours of the exposure.
-- name: tidegauge_experiment_conversion_difference_low
-- help: Lower end of the 95 % interval of the difference.
-- name: tidegauge_experiment_conversion_difference_high
-- help: Upper end of the 95 % interval of the difference.
-- each: SELECT experiment, goal FROM (SELECT experiment FROM experiment_exposures_rows WHERE window_start > now('UTC') - INTERVAL 7 DAY GROUP BY experiment ORDER BY count() DESC LIMIT 10) AS e CROSS JOIN (SELECT goal FROM experiment_goals WHERE time > now('UTC') - INTERVAL 7 DAY GROUP BY goal ORDER BY count() DESC LIMIT 5) AS g
--
-- Experiments with an exposure, and the goals reached most often, in the last 7 days. The control is the variant of that name.
SELECT
    {experiment:String},
    r.variant,
    {goal:String},
    r.rate - c.rate,
    newcombe_low(r.conversions, r.units, c.conversions, c.units),
    newcombe_high(r.conversions, r.units, c.conversions, c.units)
FROM experiment_results(experiment = {experiment:String}, goal = {goal:String}, window_hours = 24) AS r
CROSS JOIN
(
    SELECT rate, conversions, units
    FROM experiment_results(experiment = {experiment:String}, goal = {goal:String}, window_hours = 24)
    WHERE variant = 'control'
) AS c
WHERE r.variant != 'control'
LIMIT 20
