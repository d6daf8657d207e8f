-- Privacy: who was erased, which pipelines have heard of it, which keys pseudonyms were made with, whom dead letters name.

CREATE TABLE IF NOT EXISTS erasures ON CLUSTER 'tide'
(
    person          String COMMENT 'pseudonym of the erased person',
    pseudonym       String COMMENT 'that pseudonym, or the one of a device or session of the person',
    erased_at       DateTime64(3, 'UTC'),
    forgotten_until DateTime64(3, 'UTC') COMMENT 'what happened before is never stored again'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/all/{table}', '{shard}-{replica}', forgotten_until)
ORDER BY (person, pseudonym);

CREATE TABLE IF NOT EXISTS erasure_readers ON CLUSTER 'tide'
(
    reader  String COMMENT 'topic and shard of a pipeline',
    read_at DateTime64(3, 'UTC') COMMENT 'when it last read the erasures; every insert that began later obeys them',
    running Bool COMMENT 'false: it has ended and stored everything'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/all/{table}', '{shard}-{replica}', read_at)
ORDER BY (reader);

CREATE TABLE IF NOT EXISTS pseudonym_keys ON CLUSTER 'tide'
(
    used_from   DateTime64(3, 'UTC') DEFAULT now64(3),
    fingerprint String COMMENT 'beginning of the SHA-256 of the key, or plain; the newest is in use'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{database}/all/{table}', '{shard}-{replica}')
ORDER BY (used_from, fingerprint);

ALTER TABLE rejected_events_rows_local ON CLUSTER 'tide'
    ADD COLUMN IF NOT EXISTS persons Array(String) COMMENT 'pseudonyms of the persons that the payload names';

ALTER TABLE rejected_events_rows ON CLUSTER 'tide'
    ADD COLUMN IF NOT EXISTS persons Array(String) COMMENT 'pseudonyms of the persons that the payload names';
