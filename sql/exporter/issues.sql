-- every: 1m
-- labels:
-- name: tidegauge_user_reported_issues
-- help: Support tickets opened and bugs reported by users in the last 30 days.
SELECT
    (SELECT sum(r.count) FROM support_tickets_rows AS r FINAL WHERE r.window_start > now('UTC') - INTERVAL 30 DAY)
    + (SELECT count() FROM feedback_rows AS f FINAL WHERE f.kind = 'bug' AND f.time > now('UTC') - INTERVAL 30 DAY)
