-- How many tasks are finished: one row a day (UTC) and task.
--
-- An attempt is an event `task.completed`; it was completed unless it says that it was given up (`completed` = false). The share
-- has its 95 % Wilson interval; over more days add the counts up and call wilson_low(completed, attempts) and wilson_high(…).
-- `median_seconds` is the time on task of the completed ones that say it (`timed`).
CREATE OR REPLACE VIEW task_completion AS
SELECT
    toDate(t.time) AS day,
    t.task AS task,
    count() AS attempts,
    countIf(ifNull(t.completed, true)) AS completed,
    attempts - completed AS given_up,
    completed / attempts AS completed_share,
    wilson_low(completed, attempts) AS completed_share_low,
    wilson_high(completed, attempts) AS completed_share_high,
    countIf(ifNull(t.completed, true) AND t.duration_ms IS NOT NULL) AS timed,
    quantileExactInclusiveIf(0.5)(t.duration_ms, ifNull(t.completed, true)) / 1000 AS median_seconds
FROM tasks_rows AS t FINAL
GROUP BY day, task;
