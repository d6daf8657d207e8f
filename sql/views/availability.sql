-- Was it up, and how much may it still be down? One row a target, environment and month (UTC).
--
-- `up`, `down` and `unknown` are minutes (see `availability_minutes` for what they mean) between the first and the last probe of the
-- target: for the month in which probing began, from then; for its latest month, up to the last probe, which is not now where probing
-- has stopped. `availability` is the share up of the known minutes (up + down), NULL where there are none; `availability_at_worst`
-- counts every unknown minute as down, so the truth lies between.
-- The objective is 99.9 % for the application and 99.95 % for the database. The budget is what it allows of the whole calendar month
-- in minutes (43.2 and 21.6 of 30 days); down minutes spend it, unknown ones do not. Below 0 the objective is missed.
CREATE OR REPLACE VIEW availability AS
WITH
    minutes AS
    (
        SELECT r.target AS target, r.environment AS environment, r.window_start AS minute,
               sum(r.probes) AS probes, sum(r.answered) AS answered
        FROM availability_rows AS r FINAL
        GROUP BY target, environment, minute
    ),
    bounds AS
    (
        SELECT target, environment, min(m.minute) AS first_minute, max(m.minute) AS last_minute
        FROM minutes AS m
        GROUP BY target, environment
    ),
    months AS
    (
        SELECT target, environment, first_minute, last_minute,
               arrayJoin(arrayMap(n -> addMonths(toStartOfMonth(first_minute), n),
                                  range(dateDiff('month', first_minute, last_minute) + 1))) AS month
        FROM bounds
    ),
    known AS
    (
        SELECT target, environment, toStartOfMonth(m.minute) AS month,
               countIf(2 * m.answered > m.probes) AS up, countIf(2 * m.answered <= m.probes) AS down,
               sum(m.probes) AS probes, sum(m.answered) AS answered
        FROM minutes AS m
        GROUP BY target, environment, month
    )
SELECT
    s.target AS target,
    s.environment AS environment,
    s.month AS month,
    k.up AS up,
    k.down AS down,
    dateDiff('minute', greatest(s.first_minute, toDateTime(s.month, 'UTC')),
             least(addMinutes(s.last_minute, 1), toDateTime(addMonths(s.month, 1), 'UTC'))) - up - down AS unknown,
    up / nullIf(up + down, 0) AS availability,
    up / nullIf(up + down + unknown, 0) AS availability_at_worst,
    availability_objective(target) AS objective,
    availability >= objective AS meets_objective,
    (1 - objective) * dateDiff('minute', toDateTime(s.month, 'UTC'), toDateTime(addMonths(s.month, 1), 'UTC')) AS budget_minutes,
    budget_minutes - down AS budget_left_minutes,
    k.probes AS probes,
    k.answered AS answered
FROM months AS s
LEFT JOIN known AS k ON k.target = s.target AND k.environment = s.environment AND k.month = s.month;
