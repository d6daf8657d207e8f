-- The goals that units of an experiment can have reached.
SELECT goal FROM experiment_goals WHERE time < $__toTime GROUP BY goal ORDER BY goal
