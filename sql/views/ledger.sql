-- What became of every Kafka record, by minute of its Kafka timestamp and partition:
-- received = counted + duplicate + rejected + late.
CREATE OR REPLACE VIEW ledger AS
SELECT
    window_start AS minute,
    partition,
    sum(r.received) AS received,
    sum(r.counted) AS counted,
    sum(r.duplicate) AS duplicate,
    sum(r.rejected) AS rejected,
    sum(r.late) AS late
FROM ledger_rows AS r FINAL
GROUP BY minute, partition;
