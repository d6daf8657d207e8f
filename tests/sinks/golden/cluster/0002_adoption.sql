-- Adoption: who was active, who used which feature, and for whom a flag was on. A row is a unit in an hour.
--
-- The tables are ordered as the questions go (one feature, one unit, in time): views look for the first use of every unit.

CREATE TABLE IF NOT EXISTS unit_activity_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the hour',
    unit         String COMMENT 'the user, or the device where the user is not known',
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count        UInt64 COMMENT 'events of any name',
    signed_in    UInt64 COMMENT 'those whose user was known: all or none, since the unit is then the user',
    version      UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (unit, window_start, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS unit_activity_rows ON CLUSTER 'tide' AS unit_activity_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'unit_activity_rows_local', partition);

CREATE TABLE IF NOT EXISTS feature_uses_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the hour',
    event        LowCardinality(String) COMMENT 'feature.used, or an event that is the use of a feature by itself',
    feature      LowCardinality(String) COMMENT 'as feature.used names it; the view feature_usage names it for the others',
    unit         String COMMENT 'the user, or the device where the user is not known',
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count        UInt64,
    signed_in    UInt64 COMMENT 'those whose user was known: all or none, since the unit is then the user',
    first_ms     Float64 COMMENT 'first use in the hour, ms since 1970',
    last_ms      Float64 COMMENT 'last use in the hour, ms since 1970',
    version      UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (event, feature, unit, window_start, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS feature_uses_rows ON CLUSTER 'tide' AS feature_uses_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'feature_uses_rows_local', partition);

CREATE TABLE IF NOT EXISTS flag_evaluations_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the hour',
    flag         LowCardinality(String),
    variant      LowCardinality(String) COMMENT 'what came out',
    unit         String COMMENT 'the user, or the device where the user is not known',
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    count        UInt64,
    first_ms     Float64 COMMENT 'first evaluation in the hour, ms since 1970',
    version      UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (flag, unit, variant, window_start, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS flag_evaluations_rows ON CLUSTER 'tide' AS flag_evaluations_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'flag_evaluations_rows_local', partition);
