-- Dead letters: what was rejected and why, with its bytes, for 7 days after it was stored.
CREATE OR REPLACE VIEW rejected_events AS
SELECT received_at, partition, offset, reason, detail, payload
FROM rejected_events_rows FINAL;
