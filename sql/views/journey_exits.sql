-- Where runs through a journey end: one row a day (UTC, of the run's first step), journey and last step taken.
--
-- A run is what shares a `journey_id`; steps without one make a run of each user and day. A run has ended when it took no step in the
-- 24 hours before the newest step of all; younger runs are left out. `finished` says whether the last step taken is the
-- journey's last (unknown where steps carry no `step_index`). `share` is the share of the `ended` runs of that day and
-- journey that ended here, with its 95 % Wilson interval.
CREATE OR REPLACE VIEW journey_exits AS
WITH
    runs AS
    (
        SELECT
            s.journey AS journey,
            toDate(min(s.time)) AS day,
            max(s.time) AS last_time,
            argMax((s.step, s.step_index), (s.time, ifNull(s.step_index, 0))) AS last_step
        FROM journey_steps_rows AS s FINAL
        WHERE s.unit != ''
        GROUP BY s.journey, s.unit, if(s.journey_id = '', toString(toDate(s.time)), s.journey_id)
    ),
    ends AS (SELECT s.journey AS journey, max(s.step_index) AS last_index FROM journey_steps_rows AS s GROUP BY s.journey),
    counted AS
    (
        SELECT
            r.day AS day, r.journey AS journey, r.last_step.1 AS step, max(r.last_step.2) AS step_index, count() AS runs,
            sum(runs) OVER (PARTITION BY day, journey) AS ended
        FROM runs AS r
        WHERE r.last_time < (SELECT max(time) FROM journey_steps_rows) - INTERVAL 24 HOUR
        GROUP BY day, journey, step
    )
SELECT
    c.day AS day,
    c.journey AS journey,
    c.step AS step,
    c.step_index AS step_index,
    toBool(c.step_index = e.last_index) AS finished,
    c.runs AS runs,
    c.ended AS ended,
    c.runs / c.ended AS share,
    wilson_low(c.runs, c.ended) AS share_low,
    wilson_high(c.runs, c.ended) AS share_high
FROM counted AS c
INNER JOIN ends AS e ON e.journey = c.journey;
