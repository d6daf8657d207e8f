"""The settings of the edges: how Kafka and ClickHouse are reached, and as whom; every secret may stand in a file."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sinks.clickhouse import Tls
from sinks.cluster import CLUSTER_NAME

KafkaProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
NO_SECRET = SecretStr("")


class EdgeSettings(BaseSettings):
    """The part of the settings that says how the services are reached."""

    model_config = SettingsConfigDict(env_prefix="TIDEGAUGE_", extra="forbid", frozen=True)

    kafka_security_protocol: KafkaProtocol = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as the brokers' listener has it"
    )
    kafka_sasl_mechanism: SaslMechanism = Field(
        "SCRAM-SHA-512", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; used with SASL"
    )
    kafka_sasl_username: str = Field("", description="Kafka user; used with SASL")
    kafka_sasl_password: SecretStr = Field(NO_SECRET, description="password of the Kafka user; better in a file")
    kafka_sasl_password_file: Path | None = Field(None, description="file that holds the password of the Kafka user")
    kafka_ca_file: Path | None = Field(
        None, description="certificates (PEM) that vouch for the brokers; the system's without it"
    )
    kafka_cert_file: Path | None = Field(None, description="our certificate (PEM), where brokers ask for one")
    kafka_key_file: Path | None = Field(None, description="its private key (PEM)")
    kafka_key_password: SecretStr = Field(NO_SECRET, description="password of that key; better in a file")
    kafka_key_password_file: Path | None = Field(None, description="file that holds the password of that key")
    clickhouse_url: str = Field("http://127.0.0.1:8123", description="ClickHouse HTTP interface; https:// for TLS")
    clickhouse_ca_file: Path | None = Field(
        None, description="certificates (PEM) that vouch for ClickHouse; well-known authorities without it"
    )
    clickhouse_cert_file: Path | None = Field(None, description="our certificate (PEM), where ClickHouse asks for one")
    clickhouse_key_file: Path | None = Field(None, description="its private key (PEM)")
    clickhouse_cluster: str = Field(
        "", pattern=CLUSTER_NAME, description="cluster that tables and views are made on; empty: a single server"
    )

    @model_validator(mode="after")
    def _kafka_fits_together(self) -> Self:
        """Refuse halves: nobody shall believe in a protection that is not there."""
        protocol = self.kafka_security_protocol
        said = f"TIDEGAUGE_KAFKA_SECURITY_PROTOCOL={protocol}"
        password = self.kafka_sasl_password_file or self.kafka_sasl_password.get_secret_value()
        if protocol.startswith("SASL") and not (self.kafka_sasl_username and password):
            raise ValueError(f"{said} needs TIDEGAUGE_KAFKA_SASL_USERNAME and TIDEGAUGE_KAFKA_SASL_PASSWORD_FILE")
        if not protocol.startswith("SASL") and (self.kafka_sasl_username or password):
            raise ValueError(f"a Kafka user is set, but {said} sends none; set SASL_SSL")
        certificates = (self.kafka_ca_file, self.kafka_cert_file, self.kafka_key_file)
        if not protocol.endswith("SSL") and any(certificates):
            raise ValueError(f"Kafka certificates are set, but {said} uses no TLS; set SSL or SASL_SSL")
        if (self.kafka_cert_file is None) != (self.kafka_key_file is None):
            raise ValueError("TIDEGAUGE_KAFKA_CERT_FILE and TIDEGAUGE_KAFKA_KEY_FILE go together")
        return self

    @model_validator(mode="after")
    def _clickhouse_fits_together(self) -> Self:
        """Refuse halves here, too."""
        if (self.clickhouse_cert_file is None) != (self.clickhouse_key_file is None):
            raise ValueError("TIDEGAUGE_CLICKHOUSE_CERT_FILE and TIDEGAUGE_CLICKHOUSE_KEY_FILE go together")
        if (self.clickhouse_ca_file or self.clickhouse_cert_file) and not self.clickhouse_url.startswith("https://"):
            raise ValueError("ClickHouse certificates are set, but TIDEGAUGE_CLICKHOUSE_URL is not https://")
        return self

    def kafka_client(self) -> dict[str, str]:
        """Return the security settings of a Kafka client, by librdkafka's names; empty where there is nothing to say.

        Raises:
            OSError: a file that holds a secret cannot be read.
        """
        protocol = self.kafka_security_protocol
        found: dict[str, str | Path | None] = {"security.protocol": None if protocol == "PLAINTEXT" else protocol}
        if protocol.startswith("SASL"):
            found["sasl.mechanism"] = self.kafka_sasl_mechanism
            found["sasl.username"] = self.kafka_sasl_username
            found["sasl.password"] = secret(self.kafka_sasl_password, self.kafka_sasl_password_file)
        if protocol.endswith("SSL"):
            found["ssl.ca.location"] = self.kafka_ca_file
            found["ssl.certificate.location"] = self.kafka_cert_file
            found["ssl.key.location"] = self.kafka_key_file
            found["ssl.key.password"] = secret(self.kafka_key_password, self.kafka_key_password_file)
        return {name: str(value) for name, value in found.items() if value}

    def clickhouse_tls(self) -> Tls:
        """Return what ClickHouse is to be known by, and we to it."""
        return Tls(self.clickhouse_ca_file, self.clickhouse_cert_file, self.clickhouse_key_file)


def secret(value: SecretStr, file: Path | None) -> str:
    """Return a secret: what its file holds (without white space at its ends) where one is named, else its variable.

    Raises:
        OSError: the file cannot be read, or is empty; a secret that is not there is never taken for an empty one.
    """
    if file is None:
        return value.get_secret_value()
    text = file.read_text().strip()
    if not text:
        raise OSError(f"the file {file} is to hold a secret, and is empty")
    return text
