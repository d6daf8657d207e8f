-- Searches of the library, and those that found nothing, by minute.

CREATE TABLE IF NOT EXISTS searches_rows
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
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, service, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;
