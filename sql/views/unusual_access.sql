-- Does somebody access much more than is usual for them? One row an actor, environment and day (UTC) with at least one access.
--
-- The day's accesses are held against the same actor's own past days: those with accesses among the 28 calendar days before. From
-- `past_days` = 5 on there is a judgement; with fewer `score` is NULL and `unusual` false: too little is known to call a day
-- unusual. The score is robust, so that one odd day of the past hides no other: how many spreads the day lies above the median
-- of the past days. A spread is 1.4826 times the median absolute deviation (the standard deviation, were it a normal
-- distribution), and at least the square root of the median (and at least 1), since counts scatter that much by chance.
-- `unusual`: a score above 3.5 (Iglewicz and Hoaglin, 1993). Only much is unusual, little is not. The day that runs is counted so far.
CREATE OR REPLACE VIEW unusual_access AS
WITH
    days AS
    (
        SELECT r.unit AS actor, r.environment AS environment, toDate(r.time) AS day,
               count() AS accesses,
               uniqExactIf(r.subject_id, r.subject_id != '') AS subjects,
               uniqExact(r.object_type, r.object_id) AS objects,
               countIf(r.action NOT IN ('read', 'view', 'list', 'search')) AS changes_and_exports
        FROM data_access_rows AS r FINAL
        GROUP BY actor, environment, day
    ),
    with_past AS
    (
        SELECT *,
               groupArray(accesses) OVER
                   (PARTITION BY actor, environment ORDER BY day RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING) AS past
        FROM days
    )
SELECT
    actor,
    environment,
    day,
    accesses,
    subjects,
    objects,
    changes_and_exports,
    length(past) AS past_days,
    if(past_days = 0, NULL, arrayReduce('quantileExactInclusive(0.5)', past)) AS past_median,
    if(past_days = 0, NULL,
       arrayReduce('quantileExactInclusive(0.5)', arrayMap(n -> abs(n - assumeNotNull(past_median)), past))) AS past_mad,
    if(past_days < 5, NULL,
       (accesses - past_median) / greatest(1.4826 * past_mad, sqrt(past_median), 1)) AS score,
    ifNull(score > 3.5, false) AS unusual
FROM with_past;
