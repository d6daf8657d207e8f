"""One run of one candidate: where it reads, where it writes, and the settings that tell it so."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from cli.settings import Settings

VARIABLE = "TIDEGAUGE_"
KEY = "no secret: the persons of a benchmark are made up"


@dataclass(frozen=True, slots=True)
class Run:
    """What makes a run apart from every other one: its own database, consumer group, folder and metrics port.

    Attributes:
        name: of the run, a word that names its database and its log.
        bootstrap: Kafka, host:port.
        clickhouse_url: ClickHouse's HTTP interface.
        topic: what is read.
        folder: for recovery stores and logs; the run's alone.
        metrics_port: for a candidate that has a page.
        extra: further settings, by field name.
    """

    name: str
    bootstrap: str
    clickhouse_url: str
    topic: str
    folder: Path
    metrics_port: int
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        """Settings by field name."""
        return {
            "kafka_bootstrap_servers": self.bootstrap,
            "clickhouse_url": self.clickhouse_url,
            "database": self.name,
            "events_topic": self.topic,
            "consumer_group": self.name,
            "data_dir": str(self.folder),
            "metrics_port": str(self.metrics_port),
            "log_format": "json",
            "pseudonym_key": KEY,
            **self.extra,
        }

    @property
    def settings(self) -> Settings:
        """The settings, for this process."""
        return Settings.model_validate(self.fields)

    @property
    def environment(self) -> dict[str, str]:
        """The settings as variables for a child; what a person has set for the real thing stays out of it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLE)}
        return inherited | {f"{VARIABLE}{name.upper()}": value for name, value in self.fields.items()}

    @property
    def page(self) -> str:
        """Address of the candidate's metrics page."""
        return f"http://127.0.0.1:{self.metrics_port}/metrics"
