-- title: Experiment: difference to the first variant
-- section: Experiments
-- place: 20
-- unit: share
-- plot: bars
-- width: 6
-- think: An interval on both sides of zero means: not known yet. Only one that leaves zero aside is a difference.
-- definition: Share of units that reach the goal minus that of `control` (or of the first variant by name), with Newcombe's 95 % interval, which does not
--     allow for looking again and again.
-- freshness: 2 s after the event
-- evidence: 50
WITH results AS
(
    SELECT variant, conversions, units, row_number() OVER (ORDER BY variant != 'control', variant) AS number
    FROM experiment_results(experiment = ${experiment:singlequote}, goal = ${goal:singlequote}, window_hours = 168)
)
SELECT concat(r.variant, ' against ', base.variant) AS label, r.conversions / nullIf(r.units, 0) - base.conversions / nullIf(base.units, 0) AS value,
    newcombe_low(r.conversions, r.units, base.conversions, base.units) AS low,
    newcombe_high(r.conversions, r.units, base.conversions, base.units) AS high, least(r.units, base.units) AS n
FROM results AS r
CROSS JOIN (SELECT * FROM results WHERE number = 1) AS base
WHERE r.number > 1
ORDER BY label
