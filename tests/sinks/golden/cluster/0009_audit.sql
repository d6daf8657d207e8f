-- Audit: who accessed which data, and what security scanners reported.

CREATE TABLE IF NOT EXISTS data_access_rows_local ON CLUSTER 'tide'
(
    time        DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC') COMMENT 'timestamp of the Kafka record',
    unit        String COMMENT 'who: the user, or the device where the user is not known',
    session_id  String,
    tenant_id   LowCardinality(String),
    service     LowCardinality(String),
    environment LowCardinality(String),
    action      LowCardinality(String) COMMENT 'what was done, for example read, export or delete',
    object_type LowCardinality(String),
    object_id   String,
    subject_id  String COMMENT 'the person that the data is about',
    reason      String COMMENT 'why, as stated',
    outcome     LowCardinality(String),
    late        Bool,
    partition   UInt32,
    offset      UInt64 COMMENT 'stream offset',
    INDEX of_subject subject_id TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (unit, time, partition, offset)
TTL toDateTime(time) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS data_access_rows ON CLUSTER 'tide' AS data_access_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'data_access_rows_local', partition);

CREATE TABLE IF NOT EXISTS security_findings_rows_local ON CLUSTER 'tide'
(
    time        DateTime64(3, 'UTC') COMMENT 'when the scanner reported it',
    received_at DateTime64(3, 'UTC') COMMENT 'timestamp of the Kafka record',
    environment LowCardinality(String),
    finding_id  String,
    severity    LowCardinality(String),
    scanner     LowCardinality(String),
    status      LowCardinality(String),
    found_at    Nullable(Float64) COMMENT 'when it was first found, ms since 1970',
    late        Bool,
    partition   UInt32,
    offset      UInt64 COMMENT 'stream offset'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{shard}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (finding_id, time, partition, offset)
TTL toDateTime(time) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS security_findings_rows ON CLUSTER 'tide' AS security_findings_rows_local
ENGINE = Distributed('tide', currentDatabase(), 'security_findings_rows_local', partition);
