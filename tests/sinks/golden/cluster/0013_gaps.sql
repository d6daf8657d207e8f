-- Records that were gone from Kafka before they could be read, and whose loss somebody accepted.

CREATE TABLE IF NOT EXISTS gaps_rows_local ON CLUSTER 'tide'
(
    partition    UInt32 COMMENT 'Kafka partition',
    first_offset UInt64 COMMENT 'stream offset of the first record that is gone',
    end_offset   UInt64 COMMENT 'stream offset of the first record that is there again',
    noticed_at   DateTime('UTC') DEFAULT now() COMMENT 'when the loss was accepted'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', end_offset)
PARTITION BY toYYYYMM(noticed_at)
ORDER BY (partition, first_offset)
TTL noticed_at + INTERVAL 800 DAY;

CREATE TABLE IF NOT EXISTS gaps_rows ON CLUSTER 'tide' AS gaps_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'gaps_rows_local', partition);
