-- Journeys: the steps that users reach, the tasks that they end, and what becomes of guidance.
--
-- Facts are kept one by one: a row is keyed by its place in the stream, so writing it twice changes nothing. They are ordered
-- as the questions go: one journey, one unit, in time.

CREATE TABLE IF NOT EXISTS journey_steps_rows_local ON CLUSTER 'tide'
(
    time        DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC') COMMENT 'timestamp of the Kafka record',
    unit        String COMMENT 'the user, or the device where the user is not known',
    session_id  String,
    tenant_id   LowCardinality(String),
    environment LowCardinality(String),
    journey     LowCardinality(String),
    journey_id  String COMMENT 'one run of a user through the journey, where the application tells runs apart',
    step        LowCardinality(String),
    step_index  Nullable(UInt32) COMMENT 'place of the step in the journey, from 0',
    late        Bool,
    partition   UInt32,
    offset      UInt64 COMMENT 'stream offset'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (journey, unit, journey_id, time, partition, offset)
TTL toDateTime(time) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS journey_steps_rows ON CLUSTER 'tide' AS journey_steps_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'journey_steps_rows_local', partition);

CREATE TABLE IF NOT EXISTS tasks_rows_local ON CLUSTER 'tide'
(
    time        DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC') COMMENT 'timestamp of the Kafka record',
    unit        String COMMENT 'the user, or the device where the user is not known',
    session_id  String,
    tenant_id   LowCardinality(String),
    environment LowCardinality(String),
    task        LowCardinality(String),
    completed   Nullable(Bool) COMMENT 'false: given up',
    guided      Nullable(Bool) COMMENT 'whether guidance was followed for it',
    duration_ms Nullable(Float64) COMMENT 'time on task',
    late        Bool,
    partition   UInt32,
    offset      UInt64 COMMENT 'stream offset'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (task, time, partition, offset)
TTL toDateTime(time) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS tasks_rows ON CLUSTER 'tide' AS tasks_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'tasks_rows_local', partition);

CREATE TABLE IF NOT EXISTS guidance_rows_local ON CLUSTER 'tide'
(
    window_start DateTime('UTC') COMMENT 'start of the hour',
    guide        LowCardinality(String),
    task         LowCardinality(String) COMMENT 'the task that it is meant to help with',
    environment  LowCardinality(String),
    partition    UInt32,
    late_block   UInt64 COMMENT '0: on time; else the block of 65,536 stream offsets, from 1',
    shown        UInt64,
    followed     UInt64,
    dismissed    UInt64,
    version      UInt64 COMMENT 'events in the row; the largest wins'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, guide, task, environment, partition, late_block)
TTL window_start + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS guidance_rows ON CLUSTER 'tide' AS guidance_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'guidance_rows_local', partition);
