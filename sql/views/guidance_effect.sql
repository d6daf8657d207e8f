-- Do those who follow guidance finish the task more often? One row a month (UTC) and task.
--
-- Guided is an attempt at a task (`task.completed`) that says so (`guided`), alone one that says it was not; others are left
-- out. The shares have 95 % Wilson intervals, `difference` (guided minus alone) has Newcombe's. Median times on task are those of
-- the completed attempts. This compares people who chose to follow with people who did not, so it is no proof of a cause: for that,
-- show the guide in an experiment. Over more months add the counts up and call newcombe_low(guided_completed,
-- guided_attempts, alone_completed, alone_attempts) and newcombe_high(…).
CREATE OR REPLACE VIEW guidance_effect AS
SELECT
    toStartOfMonth(t.time) AS month,
    t.task AS task,
    countIf(t.guided) AS guided_attempts,
    countIf(t.guided AND ifNull(t.completed, true)) AS guided_completed,
    guided_completed / nullIf(guided_attempts, 0) AS guided_share,
    wilson_low(guided_completed, guided_attempts) AS guided_share_low,
    wilson_high(guided_completed, guided_attempts) AS guided_share_high,
    countIf(NOT t.guided) AS alone_attempts,
    countIf(NOT t.guided AND ifNull(t.completed, true)) AS alone_completed,
    alone_completed / nullIf(alone_attempts, 0) AS alone_share,
    wilson_low(alone_completed, alone_attempts) AS alone_share_low,
    wilson_high(alone_completed, alone_attempts) AS alone_share_high,
    guided_share - alone_share AS difference,
    newcombe_low(guided_completed, guided_attempts, alone_completed, alone_attempts) AS difference_low,
    newcombe_high(guided_completed, guided_attempts, alone_completed, alone_attempts) AS difference_high,
    quantileExactInclusiveIf(0.5)(t.duration_ms, t.guided AND ifNull(t.completed, true)) / 1000 AS guided_median_seconds,
    quantileExactInclusiveIf(0.5)(t.duration_ms, NOT t.guided AND ifNull(t.completed, true)) / 1000 AS alone_median_seconds
FROM tasks_rows AS t FINAL
WHERE t.guided IS NOT NULL
GROUP BY month, task;
