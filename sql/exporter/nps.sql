-- every: 10m
-- labels:
-- name: tidegauge_nps
-- help: Net Promoter Score of this quarter.
-- name: tidegauge_nps_low
-- help: Lower end of its 95 % interval.
-- name: tidegauge_nps_high
-- help: Upper end of its 95 % interval.
-- name: tidegauge_nps_votes
-- help: Votes of this quarter.
SELECT nps, nps_low, nps_high, votes
FROM nps(period = 'quarter')
WHERE period_start = toStartOfQuarter(now('UTC'))
