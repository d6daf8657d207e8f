-- What each variant of an experiment did for a goal, beside the first variant (control where there is one).
WITH results AS
(
    SELECT variant, units, conversions, row_number() OVER (ORDER BY variant != 'control', variant) AS number
    FROM experiment_results(experiment = ${experiment:singlequote}, goal = ${goal:singlequote}, window_hours = 168)
)
SELECT r.variant AS variant, base.variant AS base, r.conversions AS conversions, r.units AS units, base.conversions AS base_conversions, base.units AS base_units
FROM results AS r
CROSS JOIN (SELECT * FROM results WHERE number = 1) AS base
WHERE r.number > 1
ORDER BY variant
