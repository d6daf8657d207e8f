-- The operations once more by the hour: weeks of 10 s rows are too many to merge their sketches while somebody waits.

CREATE TABLE IF NOT EXISTS operations_hourly_rows_local ON CLUSTER 'tide'
(
    window_start    DateTime('UTC') COMMENT 'start of the hour',
    event           LowCardinality(String) COMMENT 'name of the event',
    service         LowCardinality(String),
    source          LowCardinality(String),
    release         LowCardinality(String),
    environment     LowCardinality(String),
    partition       UInt32 COMMENT 'Kafka partition',
    late_block      UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count           UInt64,
    outcomes        UInt64 COMMENT 'events that carried an outcome',
    errors          UInt64,
    duration_count  UInt64 COMMENT 'events that carried a duration',
    duration_sum_ns Int64,
    duration_max_ms Nullable(Float64),
    duration_sketch Map(Int16, UInt64) COMMENT 'log-bucket histogram of duration_ms, relative error 1 %',
    version         UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, event, service, source, release, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS operations_hourly_rows ON CLUSTER 'tide' AS operations_hourly_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'operations_hourly_rows_local', partition);
