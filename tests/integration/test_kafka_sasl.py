"""A login to a real Apache Kafka over TLS: every mechanism that can be set, by every client, and a wrong password by its name."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from cli.settings import Settings
from local.apache_kafka.broker import ApacheKafka
from local.apache_kafka.jars import missing
from local.ports import free_port
from local.producer import EventProducer
from local.topics import BrokerProblemError, create_topics, topic_partitions
from pipelines.dead_letters import DeadLetter
from pipelines.source import SourceConfig
from sinks.dead_letter import DeadLetterTopic
from tests.certificates import Certificates, make_certificates
from tests.conftest import NO_KAFKA
from tests.pipelines.kafka import BATCH_WAIT, read, reading

pytestmark = pytest.mark.service

USER, PASSWORD = "gauge", "right and secret"
MECHANISMS = {
    "SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256,
    "SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512,
    "PLAIN": None,
}
JAAS = "listener.name.sasl_ssl.{}.sasl.jaas.config"


@dataclass(frozen=True, slots=True)
class Door:
    """The listener that asks who comes."""

    address: str
    certificates: Certificates

    def client(self, password_file: Path, mechanism: str = "SCRAM-SHA-512", **changes: object) -> dict[str, str]:
        right: dict[str, object] = {
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": mechanism,
            "kafka_sasl_username": USER,
            "kafka_sasl_password_file": password_file,
            "kafka_ca_file": self.certificates.ca.cert,
        }
        return Settings.model_validate(right | changes).kafka_client()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    if (reason := missing()) is not None:
        pytest.skip(NO_KAFKA + reason)
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"))
    plain, safe = free_port(), free_port()
    with ApacheKafka(tmp_path_factory.mktemp("kafka"), plain, _properties(certificates, plain, safe)) as kafka:
        _add_user(kafka.bootstrap)
        yield Door(f"127.0.0.1:{safe}", certificates)


def _properties(certificates: Certificates, plain: int, safe: int) -> dict[str, str]:
    controller = free_port()
    # Kafka reads a certificate and its key from one file.
    both = certificates.server.cert.with_name("server-both.pem")
    both.write_text(certificates.server.key.read_text() + certificates.server.cert.read_text())
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    own = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    return {
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{safe},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{safe}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        JAAS.format("plain"): own,
        JAAS.format("scram-sha-256"): scram,
        JAAS.format("scram-sha-512"): scram,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(both),
    }


def _add_user(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    for mechanism in filter(None, MECHANISMS.values()):
        # One request each: Kafka takes no two changes of a user at once.
        wanted = UserScramCredentialUpsertion(USER, ScramCredentialInfo(mechanism, 4096), PASSWORD.encode())
        for future in admin.alter_user_scram_credentials([wanted]).values():
            future.result(30)


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    return path


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_client_is_let_in(door: Door, password: Path, mechanism: str) -> None:
    client = door.client(password, mechanism)
    events, rejected = f"events-{mechanism}", f"rejected-{mechanism}"
    assert set(create_topics(door.address, {events: 2, rejected: 1}, client=client)) == {events, rejected}
    producer = EventProducer(door.address, events, client=client)
    producer.send_all((b"u-%d" % number, b"%d" % number, None) for number in range(300))
    producer.flush()
    config = SourceConfig(door.address, events, "tests", batch_wait=BATCH_WAIT, client=tuple(client.items()))
    with reading(config) as partition:
        found = read(partition, 300)
    assert sorted(int(value) for batch in found for value in batch.values) == list(range(300))
    letters = DeadLetterTopic({"bootstrap.servers": door.address, **client}, rejected, threading.Event())
    letters.send([DeadLetter(0, 1, 0, "not_json", "no JSON", b"{")])
    letters.close()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_refused_and_said(
    door: Door, tmp_path: Path, mechanism: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.topics.TIMEOUT_SECONDS", 2.0)
    (tmp_path / "wrong").write_text("wrong and secret")
    with pytest.raises(BrokerProblemError, match=r"(?i)authentication") as told:
        topic_partitions(door.address, door.client(tmp_path / "wrong", mechanism))
    assert "wrong and secret" not in str(told.value)


def test_a_broker_that_nobody_vouches_for_gets_no_password(
    door: Door, password: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.topics.TIMEOUT_SECONDS", 1.0)
    with pytest.raises(BrokerProblemError, match="certificate verify failed"):
        topic_partitions(door.address, door.client(password, kafka_ca_file=door.certificates.stranger.cert))
