-- Availability: what probes found, by minute.

CREATE TABLE IF NOT EXISTS availability_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the minute',
    target       LowCardinality(String) COMMENT 'application or database',
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    probes       UInt64,
    answered     UInt64 COMMENT 'probes that found the target up',
    version      UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, target, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS availability_rows ON CLUSTER 'tide' AS availability_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'availability_rows_local', partition);
