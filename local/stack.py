"""The stack without Docker: broker, ClickHouse, pipeline, page and what watches them as child processes, started in order."""

import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from local.broker import create_topics, start_broker
from local.monitoring import Monitoring, check_ports, missing, start_monitoring
from local.ports import check_free
from local.processes import ChildEvent, Supervisor

HOST = "127.0.0.1"
DRAIN_SECONDS = 20.0
"""How long a stop waits until the pipeline has read what the broker holds: its log ends with it."""


@dataclass(frozen=True, slots=True)
class StackConfig:
    """What is started, and where.

    Attributes:
        data_dir: for ClickHouse's data and the logs.
        kafka_port: port of the broker, or None to use one that runs elsewhere.
        bootstrap: address of the broker, host:port.
        clickhouse_port: port of the ClickHouse endpoint, or None to use a server that runs elsewhere.
        metrics: address of the pipeline's page, http://host:port.
        topics: topic -> partitions.
        events_topic: the one of them that the pipeline reads.
        page_port: port of the local page, or None to go without.
        environment: for the pipeline, besides this process's own.
        monitoring: what watches it, or None for nothing.
    """

    data_dir: Path
    kafka_port: int | None
    bootstrap: str
    clickhouse_port: int | None
    metrics: str
    topics: Mapping[str, int]
    events_topic: str
    page_port: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    monitoring: Monitoring | None = None


class Stack:
    """The running stack. Use it as a context manager: at the end everything is stopped, in order."""

    def __init__(self, config: StackConfig, migrate: Callable[[], object], say: Callable[[str], None]) -> None:
        """Prepare a stack.

        Args:
            config: what is started.
            migrate: brings the database up to date, once ClickHouse answers.
            say: told each step in a short sentence.
        """
        self._config = config
        self._migrate = migrate
        self._say = say
        self._children = Supervisor(config.data_dir / "logs")
        self._monitoring = config.monitoring
        if self._monitoring is not None and (lack := missing()):
            say(lack)
            self._monitoring = None

    def __enter__(self) -> Self:
        """Start everything.

        Raises:
            PortTakenError, ChildFailedError: with the way out, or the end of the child's log.
        """
        try:
            self._check_ports()
            self._start_stores()
            self._start_pipeline()
            self._start_monitoring()
            self._start_page()
        except BaseException:
            self._children.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._drain()
        self._say("stopping")
        self._children.stop()

    def pids(self) -> dict[str, int]:
        """Name the processes of the stack."""
        config = self._config
        names = {
            "pipeline": True,
            "broker": config.kafka_port,
            "clickhouse": config.clickhouse_port,
            "page": config.page_port,
        }
        if self._monitoring is not None:
            names |= dict.fromkeys(("exporter", "alertmanager", "prometheus"), True)
        return {name: self._children.child(name).pid for name, own in names.items() if own}

    def watch(self) -> list[ChildEvent]:
        """Look after the children: restart what ended. Call it about once a second."""
        events = self._children.watch()
        for event in events:
            self._say(event.text)
        if any(event.name == "broker" and "restarted" in event.text for event in events):
            # The new broker's log is empty: the pipeline must know that it is another one.
            self._children.stop_child("pipeline")
            self._children.child("broker").wait_until_ready()
            self._start_pipeline()
        return events

    def _check_ports(self) -> None:
        config = self._config
        if config.kafka_port is not None:
            way_out = f"TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS={HOST}:{config.kafka_port + 1}"
            check_free(HOST, config.kafka_port, "Kafka broker", way_out)
        if config.clickhouse_port is not None:
            way_out = f"TIDEGAUGE_CLICKHOUSE_URL=http://{HOST}:{config.clickhouse_port + 1}"
            check_free(HOST, config.clickhouse_port, "ClickHouse endpoint", way_out)
        if config.page_port is not None:
            check_free(HOST, config.page_port, "local page", f"TIDEGAUGE_PAGE_PORT={config.page_port + 1}")
        metrics_port = int(config.metrics.rpartition(":")[2])
        check_free(HOST, metrics_port, "metrics page", f"TIDEGAUGE_METRICS_PORT={metrics_port + 10}")
        if self._monitoring is not None:
            check_ports(self._monitoring)

    def _start_stores(self) -> None:
        config = self._config
        if config.kafka_port is not None:
            self._say(f"broker on {config.bootstrap}")
            start_broker(self._children, config.kafka_port)
        if config.clickhouse_port is not None:
            self._say(f"ClickHouse on http://{HOST}:{config.clickhouse_port}")
            self._start_clickhouse(config.data_dir / "clickhouse", config.clickhouse_port)
        self._say("tables and views")
        self._migrate()

    def _start_pipeline(self) -> None:
        config = self._config
        create_topics(config.bootstrap, config.topics)
        environment = dict(config.environment)
        if config.kafka_port is not None:
            environment["TIDEGAUGE_LOG_ID"] = f"local-{secrets.token_hex(4)}"
        command = [sys.executable, "-m", "cli", "run"]
        self._say(f"pipeline, metrics on {config.metrics}/metrics")
        self._children.start(
            "pipeline",
            command,
            probe=lambda: _page(f"{config.metrics}/readyz") is not None,
            ready_within=60.0,
            environment=environment,
        )

    def _start_page(self) -> None:
        port = self._config.page_port
        if port is None:
            return
        watched = self._monitoring
        options = ["--alertmanager", f"http://{HOST}:{watched.alertmanager_port}"] if watched else []
        self._say(f"dashboards on http://{HOST}:{port}")
        self._children.start(
            "page",
            [sys.executable, "-m", "cli", "page", *options],
            probe=lambda: _page(f"http://{HOST}:{port}/healthz") is not None,
            ready_within=60.0,
        )

    def _start_monitoring(self) -> None:
        if self._monitoring is None:
            return
        ports = self._monitoring.prometheus_port, self._monitoring.alertmanager_port
        self._say("exporter, Prometheus on http://{0}:{1}, Alertmanager on http://{0}:{2}".format(HOST, *ports))
        start_monitoring(self._children, self._monitoring)

    def _start_clickhouse(self, data: Path, port: int) -> None:
        self._children.start(
            "clickhouse",
            [sys.executable, "-m", "local.clickhouse_endpoint", "--data", str(data), "--port", str(port)],
            probe=lambda: _page(f"http://{HOST}:{port}/ping") is not None,
            ready_within=60.0,
        )

    def _drain(self) -> None:
        """Wait until nothing waits in the broker, whose log ends with it; a pipeline that is down is started for that."""
        if self._config.kafka_port is None:
            return
        deadline, said = time.monotonic() + DRAIN_SECONDS, ""
        while (waiting := self._waiting()) != 0:
            if time.monotonic() > deadline:
                self._say("the pipeline has not read everything; what it has not read ends with the broker")
                return
            text = "waiting for the pipeline" if waiting is None else f"{waiting:,} events wait to be read"
            if text != said:
                self._say(text)
            said = text
            self.watch()
            time.sleep(0.5)

    def _waiting(self) -> int | None:
        """Count the events that the pipeline has still to read; None while it cannot tell for every partition."""
        page = _page(f"{self._config.metrics}/metrics") or ""
        lags = [line for line in page.splitlines() if line.startswith("tidegauge_consumer_lag_messages{")]
        if len(lags) < self._config.topics[self._config.events_topic]:
            return None
        return sum(int(float(line.rpartition(" ")[2])) for line in lags)


def _page(address: str) -> str | None:
    """Read a page; None while nobody answers there."""
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310 - our own address
            text: str = answer.read().decode()
            return text
    except (urllib.error.URLError, OSError):
        return None
