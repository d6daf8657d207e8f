"""Every setting of Tidegauge in one place, read once at the edge from TIDEGAUGE_* variables."""

import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from cli.edges import EdgeSettings, secret
from sinks import retention

UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def _duration(value: object) -> object:
    """Read `90`, `90s`, `5m`, `2h` or `400d`; the rest (PT5M, 00:05:00) is pydantic's to read."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", value) if isinstance(value, str) else None
    if match is None or (match[2] or "s") not in UNITS:
        return value
    return timedelta(seconds=float(match[1]) * UNITS[match[2] or "s"])


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A length of time: seconds, a number with ms, s, m, h or d, or ISO 8601."""
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(EdgeSettings):
    """All that can be set. A field `x` is read from the variable `TIDEGAUGE_X`."""

    model_config = SettingsConfigDict(env_prefix="TIDEGAUGE_", extra="forbid", frozen=True)

    kafka_bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka brokers, host:port, comma-separated")
    events_topic: str = Field("events", description="topic that events are read from")
    rejected_topic: str = Field("events.rejected", description="topic that dead letters are written to")
    consumer_group: str = Field("tidegauge", description="group that durable offsets are committed to, for lag tools")
    clickhouse_user: str = Field("default", description="ClickHouse user")
    clickhouse_password: SecretStr = Field(SecretStr(""), description="ClickHouse password")
    clickhouse_password_file: Path | None = Field(None, description="file that holds the ClickHouse password")
    database: str = Field("tidegauge", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="ClickHouse database")
    data_dir: Path = Field(Path(".tidegauge"), description="recovery stores, locks, the local stack's data")
    metrics_host: str = Field("127.0.0.1", description="address that /metrics, /livez and /readyz listen on")
    metrics_port: Port = Field(9464, description="port of /metrics; further shards count up")
    metrics_port_counts_up: bool = Field(
        True, description="no: every shard has the same port, for containers, where each has its own address"
    )
    exporter_port: Port = Field(9463, description="port of the page of business figures")
    exporter_user: str = Field(
        "", description="ClickHouse user of the exporter, who may only read; empty: clickhouse_user"
    )
    exporter_password_file: Path | None = Field(None, description="file that holds the exporter's ClickHouse password")
    exporter_query_seconds: int = Field(10, ge=1, description="how long one query of the exporter may take")
    certificate_files: tuple[Path, ...] = Field(
        (), description="further certificates (PEM) whose end is watched, a JSON list"
    )
    prometheus_port: Port = Field(9090, description="port of the local stack's Prometheus")
    alertmanager_port: Port = Field(9093, description="port of the local stack's Alertmanager")
    pager_url: str = Field("", description="URL that the local stack's pages and tickets are posted to; empty: nowhere")
    page_port: Port = Field(8600, description="port of the local page")
    lateness: Duration = Field(timedelta(minutes=5), description="how far behind the watermark an event is late")
    dedup_horizon: Duration = Field(timedelta(minutes=15), description="how long a messageId is remembered, event time")
    max_ahead: Duration = Field(
        timedelta(minutes=5), description="how far ahead of its Kafka timestamp an event may be"
    )
    max_age: Duration = Field(timedelta(days=400), description="how far behind its Kafka timestamp an event may be")
    max_event_bytes: int = Field(32_768, ge=1024, description="largest event, in bytes")
    rejected_share_limit: float = Field(
        0.5, gt=0, le=1, description="largest rejected share of a partition's last records before it stops; 1: no limit"
    )
    rejected_share_over: int = Field(5_000, ge=100, description="of how many last records that share is")
    catalog_strict: bool = Field(False, description="reject events whose name the catalog does not know")
    pseudonym_key: SecretStr = Field(
        SecretStr(""), description="key that ids of persons are pseudonymised with; better in a file"
    )
    pseudonym_key_file: Path | None = Field(None, description="file that holds the pseudonym key, 32 bytes or more")
    allow_plain_ids: bool = Field(False, description="without a key, store ids of persons as they are")
    retention_file: Path = Field(retention.FILE, description="for how many days each table keeps its rows")
    snapshot_interval: Duration = Field(
        timedelta(seconds=5), description="how often state and offsets are made durable"
    )
    log_format: str = Field(
        "auto", pattern="^(auto|console|json)$", description="console on a terminal, json elsewhere"
    )

    def clickhouse_secret(self) -> str:
        """Return the ClickHouse password, from its file where one is named."""
        return secret(self.clickhouse_password, self.clickhouse_password_file)

    def shard_metrics_port(self, shard: int) -> int:
        """Return the port of a shard's /metrics page."""
        return self.metrics_port + (shard if self.metrics_port_counts_up else 0)

    def exporter_secret(self) -> str:
        """Return the exporter's ClickHouse password: that of its own user, or the pipeline's where it has none."""
        if self.exporter_password_file is not None:
            return self.exporter_password_file.read_text().strip()
        return "" if self.exporter_user else self.clickhouse_secret()


class SettingsError(Exception):
    """A variable holds what it cannot; the message names it."""


@cache
def settings() -> Settings:
    """Read the settings from the environment, once.

    Raises:
        SettingsError: a variable holds what it cannot.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = [_described(fault) for fault in error.errors()]
        raise SettingsError("; ".join(wrong)) from None


def _described(fault: ErrorDetails) -> str:
    # What concerns several variables has no place of its own, and its input is all of them, secrets included.
    if not fault["loc"]:
        return fault["msg"].removeprefix("Value error, ")
    return f"TIDEGAUGE_{'_'.join(map(str, fault['loc'])).upper()}={fault['input']!r}: {fault['msg']}"
