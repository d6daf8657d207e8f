-- What is reported and wished for: bug reports (`bug`) and wishes (`feature_request`), one row a week (UTC, from Monday), kind, area
-- and feature. `people` are the persons behind the `count` reports.
CREATE OR REPLACE VIEW feedback_topics AS
SELECT
    toStartOfWeek(f.time, 1) AS week,
    f.kind AS kind,
    f.area AS area,
    f.feature AS feature,
    count() AS count,
    uniqExact(f.unit) AS people
FROM feedback_rows AS f FINAL
WHERE f.kind IN ('bug', 'feature_request')
GROUP BY week, kind, area, feature;
