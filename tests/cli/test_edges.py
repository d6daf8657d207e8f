"""The settings of the edges: what a Kafka client is told, where secrets come from, and which halves are refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr, ValidationError

from cli.edges import secret
from cli.settings import Settings, SettingsError, settings
from sinks.clickhouse import Tls


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.cache_clear()
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TIDEGAUGE_{name.upper()}", raising=False)
    yield
    settings.cache_clear()


def from_variables(monkeypatch: pytest.MonkeyPatch, **values: object) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"TIDEGAUGE_{name.upper()}", str(value))
    settings.cache_clear()
    return settings()


def test_without_a_word_clients_are_plain_and_pages_are_on_loopback() -> None:
    assert settings().kafka_client() == {}
    assert settings().clickhouse_tls() == Tls()
    assert settings().metrics_host == "127.0.0.1"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_a_user_with_a_password_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, protocol: str, mechanism: str
) -> None:
    (tmp_path / "password").write_text("one two\n")
    config = from_variables(
        monkeypatch,
        kafka_security_protocol=protocol,
        kafka_sasl_mechanism=mechanism,
        kafka_sasl_username="gauge",
        kafka_sasl_password_file=tmp_path / "password",
    )
    client = config.kafka_client()
    assert client == {
        "security.protocol": protocol,
        "sasl.mechanism": mechanism,
        "sasl.username": "gauge",
        "sasl.password": "one two",
    }
    # The client itself says whether it knows all of these.
    AdminClient({"bootstrap.servers": "127.0.0.1:1", "log_level": 0, **client})


def test_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    config = from_variables(
        monkeypatch,
        kafka_security_protocol="SSL",
        kafka_ca_file="/c/ca.pem",
        kafka_cert_file="/c/own.pem",
        kafka_key_file="/c/own.key",
        kafka_key_password="of the key",  # noqa: S106 - a word for the test
        clickhouse_url="https://clickhouse:8443",
        clickhouse_ca_file="/c/ca.pem",
    )
    assert config.kafka_client() == {
        "security.protocol": "SSL",
        "ssl.ca.location": "/c/ca.pem",
        "ssl.certificate.location": "/c/own.pem",
        "ssl.key.location": "/c/own.key",
        "ssl.key.password": "of the key",
    }
    assert config.clickhouse_tls() == Tls(Path("/c/ca.pem"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kafka_security_protocol": "SASL_SSL"}, "needs TIDEGAUGE_KAFKA_SASL_USERNAME"),
        ({"kafka_security_protocol": "SASL_SSL", "kafka_sasl_username": "a"}, "TIDEGAUGE_KAFKA_SASL_PASSWORD_FILE"),
        ({"kafka_sasl_username": "a", "kafka_sasl_password": "hush-hush"}, "sends none; set SASL_SSL"),
        ({"kafka_ca_file": "ca.pem"}, "uses no TLS"),
        (
            {
                "kafka_security_protocol": "SASL_PLAINTEXT",
                "kafka_sasl_username": "a",
                "kafka_sasl_password": "hush-hush",
                "kafka_ca_file": "ca.pem",
            },
            "uses no TLS",
        ),
        ({"kafka_security_protocol": "SSL", "kafka_cert_file": "own.pem"}, "go together"),
        ({"clickhouse_ca_file": "ca.pem", "clickhouse_password": "hush-hush"}, "not https://"),
        ({"clickhouse_url": "https://a", "clickhouse_key_file": "own.key"}, "go together"),
        ({"kafka_security_protocol": "TLS"}, "TIDEGAUGE_KAFKA_SECURITY_PROTOCOL='TLS'"),
        ({"clickhouse_cluster": "a' b"}, "TIDEGAUGE_CLICKHOUSE_CLUSTER"),
    ],
)
def test_halves_are_refused_and_no_secret_is_told(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], says: str
) -> None:
    with pytest.raises(SettingsError) as told:
        from_variables(monkeypatch, **values)
    assert says in str(told.value)
    assert "hush-hush" not in str(told.value)


def test_every_secret_may_stand_in_a_file() -> None:
    secrets = [name for name, field in Settings.model_fields.items() if field.annotation is SecretStr]
    assert len(secrets) >= 4
    assert {f"{name}_file" for name in secrets} <= Settings.model_fields.keys()


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    with pytest.raises(OSError, match="is empty"):
        secret(SecretStr("of the variable"), tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        secret(SecretStr("of the variable"), tmp_path / "none")
    assert secret(SecretStr("of the variable"), None) == "of the variable"


@pytest.mark.parametrize(("counts_up", "port"), [(True, 9467), (False, 9464)])
def test_ports_of_shards(counts_up: bool, port: int) -> None:
    assert Settings(metrics_port_counts_up=counts_up).shard_metrics_port(3) == port


def test_a_shown_settings_object_hides_secrets() -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"clickhouse_passwort": "typed wrong"})
    assert "hush-hush" not in repr(Settings(clickhouse_password=SecretStr("hush-hush")))
