-- Net Promoter Score: nps(period = 'month'), or 'week' (from Monday), 'quarter', 'year'. One row a period (UTC) that has votes.
--
-- A person has one vote a period, the latest score given in it. Promoters give 9 or 10, detractors 0 to 6, passives what is
-- between; NPS = 100 x (promoters - detractors) / votes. The 95 % interval follows from the variance of the votes as 1, 0
-- and -1 (adjusted Wald; sql/functions/nps_interval.sql says how): it is wide for few votes, and so it should be.
CREATE OR REPLACE VIEW nps AS
SELECT
    v.period_start AS period_start,
    count() AS votes,
    countIf(v.score >= 9) AS promoters,
    votes - promoters - detractors AS passives,
    countIf(v.score <= 6) AS detractors,
    100 * (toInt64(promoters) - toInt64(detractors)) / votes AS nps,
    nps_low(promoters, detractors, votes) AS nps_low,
    nps_high(promoters, detractors, votes) AS nps_high
FROM
(
    SELECT
        toDate(dateTrunc({period:String}, f.time)) AS period_start,
        f.unit AS unit,
        argMax(f.score, (f.time, f.partition, f.offset)) AS score
    FROM feedback_rows AS f FINAL
    WHERE f.kind = 'nps' AND f.score IS NOT NULL AND f.unit != ''
    GROUP BY period_start, unit
) AS v
GROUP BY period_start
ORDER BY period_start;
