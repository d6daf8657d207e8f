-- every: 30s
-- labels:
-- name: tidegauge_stored_ledger_mismatch
-- help: Records of the last day in the stored ledger, less those with a verdict; 0 when well.
SELECT toInt64(sum(received)) - toInt64(sum(counted)) - toInt64(sum(duplicate)) - toInt64(sum(rejected)) - toInt64(sum(late))
FROM ledger
WHERE minute > now('UTC') - INTERVAL 1 DAY
