-- Was it up in this minute? One row a target, environment and minute, from its first probed minute to its last.
--
-- up: more than half of the minute's probes were answered. down: half of them or fewer. unknown: nobody looked (no probe in the
-- minute), which is never counted as up. Before the first and after the last probe there are no rows: look at the last
-- minute to see whether probing goes on.
CREATE OR REPLACE VIEW availability_minutes AS
WITH
    minutes AS
    (
        SELECT r.target AS target, r.environment AS environment, r.window_start AS minute,
               sum(r.probes) AS probes, sum(r.answered) AS answered
        FROM availability_rows AS r FINAL
        GROUP BY target, environment, minute
    ),
    every_minute AS
    (
        SELECT target, environment,
               arrayJoin(range(toUnixTimestamp(min(m.minute)), toUnixTimestamp(max(m.minute)) + 60, 60)) AS at
        FROM minutes AS m
        GROUP BY target, environment
    )
SELECT
    e.target AS target,
    e.environment AS environment,
    toDateTime(e.at, 'UTC') AS minute,
    multiIf(m.probes = 0, 'unknown', 2 * m.answered > m.probes, 'up', 'down') AS state,
    m.probes AS probes,
    m.answered AS answered
FROM every_minute AS e
LEFT JOIN minutes AS m
    ON m.target = e.target AND m.environment = e.environment AND toUnixTimestamp(m.minute) = e.at;
