-- How far users get in a journey: journey_funnel(journey = 'first_estimate', hours = 24). One row a step, in order.
--
-- A user reaches the first step by taking it, and each further step by taking it at or after the step before and within `hours`
-- hours of the first one. Who begins several times counts once, with the run that got furthest (of equals the last). `users` are
-- users, or devices where the user is not known; `runs` counts runs (`journey_id`) by the same rule; steps without a
-- `journey_id` make one run a user. A step's place is its `step_index` (the median, where it changed; names that share a place are one
-- step under its newest name); steps that never carry one come last, in the order in which they are mostly taken.
--
-- `share_of_first` and `share_of_previous` are shares of the users at the first and at the previous step, with 95 % Wilson
-- intervals. `left_here` are the users whose furthest step this is: at the last step those who finished, before it those who left.
-- `median_seconds` is the time since the step before, of the users who reached this one.
CREATE OR REPLACE VIEW journey_funnel AS
WITH
    taken AS
    (
        SELECT
            s.unit AS unit, s.journey_id AS journey_id, s.step AS step, s.step_index AS step_index, s.time AS time,
            dateDiff('millisecond', min(s.time) OVER (PARTITION BY s.unit, s.journey_id), s.time) AS since
        FROM journey_steps_rows AS s FINAL
        WHERE s.journey = {journey:String} AND s.unit != ''
    ),
    placed AS
    (
        SELECT
            t.step AS step, max(t.time) AS newest, quantileExact(0.5)(t.step_index) AS median_index,
            dense_rank() OVER (ORDER BY ifNull(median_index, inf), if(median_index IS NULL, avg(t.since), 0),
                if(median_index IS NULL, t.step, '')) AS place
        FROM taken AS t
        GROUP BY t.step
    ),
    runs AS
    (
        SELECT
            t.unit AS unit,
            -- Of every place the run that reached it and began last: the times of its steps up to there, in ms.
            arrayFold(
                (reached, event) -> arrayMap(
                    (times, place) -> multiIf(
                        place != event.2, times,
                        place = 1, [event.1],
                        empty(reached[place - 1]), times,
                        event.1 - reached[place - 1][1] > round({hours:Float64} * 3600000), times,
                        notEmpty(times) AND times[1] = reached[place - 1][1], times,
                        arrayPushBack(reached[place - 1], event.1)),
                    reached, arrayEnumerate(reached)),
                arraySort(groupArray((toUnixTimestamp64Milli(t.time), p.place))),
                arrayMap(place -> emptyArrayInt64(), range((SELECT max(place) FROM placed)))) AS reached_at,
            arrayLast(times -> notEmpty(times), reached_at) AS best
        FROM taken AS t
        INNER JOIN placed AS p ON p.step = t.step
        GROUP BY t.unit, t.journey_id
    ),
    users AS
    (
        SELECT r.unit AS unit, argMax(r.best, (length(r.best), r.best[1])) AS best
        FROM runs AS r
        GROUP BY r.unit
    ),
    by_user AS
    (
        SELECT place, count() AS users, quantileExactInclusive(0.5)((u.best[place] - u.best[place - 1]) / 1000) AS median_seconds
        FROM users AS u
        ARRAY JOIN arrayEnumerate(u.best) AS place
        GROUP BY place
    ),
    by_run AS
    (
        SELECT place, count() AS runs
        FROM runs AS r
        ARRAY JOIN arrayEnumerate(r.best) AS place
        GROUP BY place
    ),
    counted AS
    (
        SELECT
            p.place AS place, p.step AS step, u.users AS users, r.runs AS runs, u.median_seconds AS median_seconds,
            first_value(users) OVER steps AS first_users,
            lagInFrame(users) OVER steps AS previous_users,
            leadInFrame(users) OVER steps AS next_users
        FROM (SELECT place, argMax(step, newest) AS step FROM placed GROUP BY place) AS p
        LEFT JOIN by_user AS u ON u.place = p.place
        LEFT JOIN by_run AS r ON r.place = p.place
        WINDOW steps AS (ORDER BY p.place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    )
SELECT
    place AS step_number,
    step,
    users,
    runs,
    users / nullIf(first_users, 0) AS share_of_first,
    wilson_low(users, first_users) AS share_of_first_low,
    wilson_high(users, first_users) AS share_of_first_high,
    if(place = 1, NULL, previous_users) AS previous_users,
    if(place = 1, NULL, users / nullIf(c.previous_users, 0)) AS share_of_previous,
    if(place = 1, NULL, wilson_low(users, c.previous_users)) AS share_of_previous_low,
    if(place = 1, NULL, wilson_high(users, c.previous_users)) AS share_of_previous_high,
    if(place = 1 OR users = 0, NULL, c.median_seconds) AS median_seconds,
    users - next_users AS left_here,
    left_here / nullIf(first_users, 0) AS left_share
FROM counted AS c
ORDER BY step_number;
