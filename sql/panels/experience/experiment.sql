-- title: Experiment: who reaches the goal
-- section: Experiments
-- place: 10
-- unit: share
-- plot: bars
-- width: 6
-- alerts: ConversionGuardrail
-- think: Overlapping intervals settle nothing; do not stop an experiment because a bar looks longer today.
-- definition: Units that reach the goal within 7 days of their first exposure, of the units of each variant; who saw two variants is left out (view
--     `experiment_results`). 95 % interval of Wilson, which does not allow for looking again and again.
-- freshness: 2 s after the event
-- evidence: 50
SELECT variant AS label, rate AS value, rate_low AS low, rate_high AS high, conversions AS hits, units AS n
FROM experiment_results(experiment = ${experiment:singlequote}, goal = ${goal:singlequote}, window_hours = 168)
ORDER BY label
