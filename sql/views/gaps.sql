-- What the ledger cannot hold: records that expired in Kafka before they were read, accepted with --accept-loss.
-- One row a gap: stream offsets first_offset up to, without, end_offset of a partition; records counts them.
CREATE OR REPLACE VIEW gaps AS
SELECT
    partition,
    first_offset,
    max(r.end_offset) AS end_offset,
    max(r.end_offset) - first_offset AS records,
    max(r.noticed_at) AS noticed_at
FROM gaps_rows AS r FINAL
GROUP BY partition, first_offset;
