"""TLS to Kafka, with real certificates and a real broker behind: producer, reader, dead letters and topics speak it alike."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cli.settings import Settings
from local.ports import free_port
from local.producer import BrokerError, EventProducer
from local.topics import BrokerProblemError, create_topics, topic_partitions
from pipelines.dead_letters import DeadLetter
from pipelines.positions import SourceError
from pipelines.source import SourceConfig
from sinks.dead_letter import DeadLetterTopic
from tests.certificates import Certificates, make_certificates
from tests.pipelines.kafka import BATCH_WAIT, read, reading
from tests.services import running_broker
from tests.tls_front import TlsFront

pytestmark = pytest.mark.service


@dataclass(frozen=True, slots=True)
class Edge:
    """A broker that is reached by TLS alone: it sends every client back to the front."""

    front: TlsFront
    certificates: Certificates

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.front.port}"

    def client(self, **changes: object) -> dict[str, str]:
        """Give what the settings make of a client that does everything right, or of one that does not."""
        right: dict[str, object] = {
            "kafka_security_protocol": "SSL",
            "kafka_ca_file": self.certificates.ca.cert,
            "kafka_cert_file": self.certificates.client.cert,
            "kafka_key_file": self.certificates.client.key,
        }
        return Settings.model_validate(right | changes).kafka_client()


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"))
    plain = free_port()
    with (
        TlsFront(plain, certificates.server, client_ca=certificates.ca.cert) as front,
        running_broker(plain, advertised=front.port),
    ):
        edge = Edge(front, certificates)
        create_topics(edge.address, {"events": 2, "events.rejected": 1}, client=edge.client())
        yield edge


def test_every_client_speaks_it(edge: Edge) -> None:
    client = edge.client()
    assert topic_partitions(edge.address, client) == {"events": 2, "events.rejected": 1}
    producer = EventProducer(edge.address, "events", client=client)
    producer.send_all((b"u-%d" % number, b"%d" % number, None) for number in range(500))
    producer.flush()
    config = SourceConfig(edge.address, "events", "tests", batch_wait=BATCH_WAIT, client=tuple(client.items()))
    with reading(config) as partition:
        found = read(partition, 500)
    assert sorted(int(value) for batch in found for value in batch.values) == list(range(500))
    letters = DeadLetterTopic({"bootstrap.servers": edge.address, **client}, "events.rejected", threading.Event())
    letters.send([DeadLetter(0, 1, 0, "not_json", "no JSON", b"{")])
    letters.close()
    rejected = SourceConfig(
        edge.address, "events.rejected", "tests", batch_wait=BATCH_WAIT, client=tuple(client.items())
    )
    with reading(rejected) as partition:
        assert [value for batch in read(partition, 1) for value in batch.values] == [b"{"]
    assert set(edge.front.subjects) == {"client"}


@pytest.mark.parametrize(
    "wrong",
    ["nobody vouches for the broker", "we show no certificate", "we speak no TLS"],
)
def test_a_connection_that_is_not_trusted_is_refused(edge: Edge, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.topics.TIMEOUT_SECONDS", 1.0)
    client = {
        "nobody vouches for the broker": edge.client(kafka_ca_file=edge.certificates.stranger.cert),
        "we show no certificate": edge.client(kafka_cert_file=None, kafka_key_file=None),
        "we speak no TLS": {},
    }[wrong]
    with pytest.raises(BrokerProblemError, match="no Kafka answers"):
        topic_partitions(edge.address, client)
    assert edge.front.failures


def test_a_certificate_for_another_name_is_refused(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.topics.TIMEOUT_SECONDS", 1.0)
    with TlsFront(edge.front.port, edge.certificates.elsewhere) as front:
        with pytest.raises(BrokerProblemError, match="no Kafka answers"):
            topic_partitions(f"127.0.0.1:{front.port}", edge.client())
        # The handshake was ended by the client, so nothing went through.
        assert front.versions == []
        assert front.failures


def test_reader_and_producer_say_where_it_failed(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.topic.BROKER_TIMEOUT", 1.0)
    monkeypatch.setattr("local.producer._CONNECT_TIMEOUT_S", 1.0)
    client = edge.client(kafka_ca_file=edge.certificates.stranger.cert)
    config = SourceConfig(edge.address, "events", "tests", client=tuple(client.items()))
    with pytest.raises(SourceError, match=r"no Kafka broker answers.*certificate verify failed"), reading(config):
        pass
    with pytest.raises(BrokerError, match=edge.address):
        EventProducer(edge.address, "events", client=client)
