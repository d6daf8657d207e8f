-- every: 10m
-- labels: feature
-- name: tidegauge_feature_share
-- help: Share of the active users of 7 days who used the feature.
-- name: tidegauge_feature_share_high
-- help: Upper end of the 95 % interval of that share.
-- name: tidegauge_feature_share_before_low
-- help: Lower end of the 95 % interval of the share a week before.
SELECT a.feature, a.share_7d, a.share_7d_high, b.share_7d_low
FROM adoption_daily AS a
LEFT JOIN adoption_daily AS b ON b.feature = a.feature AND b.day = a.day - 7
WHERE a.day = (SELECT toDate(max(window_start)) FROM unit_activity_rows)
ORDER BY a.users_7d DESC
LIMIT 100
SETTINGS join_use_nulls = 1
