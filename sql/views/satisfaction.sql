-- How users rate features: one row a month (UTC) and feature; '' is a rating of no feature in particular.
-- Every rating (1 to 5) counts; `people` are the persons who gave them. The mean has its 95 % interval, which knows that ratings of
-- one person resemble each other (sql/functions/person_error.sql); it is NULL for fewer than two people, and where all ratings
-- are equal. `satisfied_share` is the share of 4 and 5, with its Wilson interval.
CREATE OR REPLACE VIEW satisfaction AS
SELECT
    p.month AS month,
    p.feature AS feature,
    sum(p.count) AS ratings,
    count() AS people,
    sum(p.total) / ratings AS mean,
    mean - least(person_error(groupArray(p.total), groupArray(p.count)), mean - 1) AS mean_low,
    mean + least(person_error(groupArray(p.total), groupArray(p.count)), 5 - mean) AS mean_high,
    sum(p.satisfied) AS satisfied,
    satisfied / ratings AS satisfied_share,
    wilson_low(satisfied, ratings) AS satisfied_share_low,
    wilson_high(satisfied, ratings) AS satisfied_share_high
FROM
(
    SELECT toStartOfMonth(f.time) AS month, f.feature AS feature, sum(f.score) AS total, count() AS count,
        countIf(f.score >= 4) AS satisfied
    FROM feedback_rows AS f FINAL
    WHERE f.kind = 'rating' AND f.score IS NOT NULL
    GROUP BY month, feature, f.unit
) AS p
GROUP BY month, feature;
