-- Goals reached: one row an event that can be the goal of an experiment.
--
-- Goals are: a task that was completed (task.completed that is not given up), under the task's name; estimate.created; and every
-- event whose name begins with `goal.`; the latter two under the event's name. What was tried and failed (outcome error) is none.
-- value: the event's property `value` (of goal.… only), else how long it took in ms, else NULL.
CREATE OR REPLACE VIEW experiment_goals AS
SELECT
    time,
    unit,
    if(event = 'task.completed', task, event) AS goal,
    coalesce(g.value, g.duration_ms) AS value,
    environment
FROM experiment_goals_rows AS g FINAL
WHERE unit != '' AND outcome != 'error' AND (event != 'task.completed' OR ifNull(completed, true));
