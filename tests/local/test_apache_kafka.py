"""A real Kafka on this machine: it keeps its log over a kill, and where it cannot be had it says what to install."""

import uuid
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from local.apache_kafka import jars
from local.apache_kafka.broker import ApacheKafka
from pipelines.source import SourceConfig
from tests.conftest import NO_KAFKA
from tests.pipelines.kafka import fill, read, reading, values
from tests.services import create_topic


@pytest.mark.service
def test_a_killed_broker_comes_back_with_its_log_at_the_same_address(tmp_path: Path) -> None:
    if (reason := jars.missing()) is not None:
        pytest.skip(NO_KAFKA + reason)
    with ApacheKafka(tmp_path) as kafka:
        create_topic(kafka.bootstrap, "kept", 1)
        config = SourceConfig(kafka.bootstrap, "kept", "tests")
        fill(config, range(100), 1)
        address, life = kafka.bootstrap, kafka.pid
        kafka.kill()
        kafka.start()
        assert kafka.bootstrap == address
        assert kafka.pid != life
        fill(config, range(100, 120), 1)
        with reading(config) as partition:
            assert values(read(partition, 120)) == {0: list(range(120))}


@pytest.mark.service
def test_its_id_may_begin_with_a_dash_and_old_records_do_not_expire(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both hit one run in many: an id is drawn at random, and times that tests once chose grow old."""
    if (reason := jars.missing()) is not None:
        pytest.skip(NO_KAFKA + reason)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=b"\xf8" * 16))
    with ApacheKafka(tmp_path) as kafka:
        create_topic(kafka.bootstrap, "old", 1)
        topic = ConfigResource(ResourceType.TOPIC, "old")
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        found = admin.describe_configs([topic])[topic].result(10)
        assert found["retention.ms"].value == "-1"


def test_without_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (
        jars.missing()
        == "there is no Java: Kafka needs Java 17 or newer (on Debian: apt install openjdk-17-jre-headless)"
    )
    with pytest.raises(jars.KafkaMissingError, match="apt install"):
        jars.fetch()


@pytest.mark.parametrize(
    ("said", "reason"), [("1.8.0_392", "Java 8 is too old"), ("11.0.2", "Java 11 is too old"), ("21.0.1", None)]
)
def test_what_java_says_of_itself_decides(
    said: str, reason: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, text in (("java", f"""echo 'openjdk version "{said}" 2025-04-15' >&2"""), ("mvn", "true")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    found = jars.missing()
    assert (found or "").startswith(reason or "")
    assert (found is None) == (reason is None)


def test_the_version_is_the_one_of_the_pom() -> None:
    assert f"<version>{jars.version()}</version>" in jars.POM.read_text()
