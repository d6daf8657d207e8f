-- Support tickets opened: one row a week (UTC, from Monday), area and severity.
CREATE OR REPLACE VIEW support_tickets AS
SELECT
    toStartOfWeek(r.window_start, 1) AS week,
    r.area AS area,
    r.severity AS severity,
    sum(r.count) AS count
FROM support_tickets_rows AS r FINAL
GROUP BY week, area, severity;
