-- Searches of the library, and those that found nothing, by minute.

CREATE TABLE IF NOT EXISTS searches_rows_local ON CLUSTER 'tide'
(
    window_start   DateTime('UTC') COMMENT 'start of the minute',
    service        LowCardinality(String),
    environment    LowCardinality(String),
    partition      UInt32,
    late_block     UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count          UInt64,
    answered       UInt64 COMMENT 'searches that say how much they found',
    without_result UInt64 COMMENT 'those of them that found nothing',
    version        UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, service, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS searches_rows ON CLUSTER 'tide' AS searches_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'searches_rows_local', partition);
