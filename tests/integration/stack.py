"""Runs `tidegauge up` on free ports, and the other commands against it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import clickhouse_connect
from confluent_kafka import Consumer, TopicPartition

from cli.up import PARTITIONS
from local.apache_kafka.broker import ApacheKafka
from local.ports import free_port
from tests.services import BROKER

REPOSITORY = Path(__file__).parents[2]
DEADLINE = 90.0
KEY = "a key that only tests use, long enough to be one"
"""Stacks that are compared must give the same persons the same pseudonyms."""


class RunningStack:
    """The addresses of a stack, and the commands that talk to it."""

    def __init__(self, data_dir: Path, *, monitoring: bool = False, **settings: str) -> None:
        """Prepare a stack, with Prometheus and Alertmanager if wanted; `settings` are further ones by field name."""
        self.up = ("up",) if monitoring else ("up", "--no-monitoring")
        self.prometheus_port, self.alertmanager_port = free_port(), free_port()
        self.data_dir = data_dir
        self.kafka: ApacheKafka | None = None
        self.clickhouse_port, self.metrics_port, self.page_port = free_port(), free_port(), free_port()
        self.environment = {
            **os.environ,
            "TIDEGAUGE_DATA_DIR": str(data_dir),
            "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}",
            "TIDEGAUGE_CLICKHOUSE_URL": f"http://127.0.0.1:{self.clickhouse_port}",
            "TIDEGAUGE_METRICS_PORT": str(self.metrics_port),
            "TIDEGAUGE_EXPORTER_PORT": str(free_port()),
            "TIDEGAUGE_PROMETHEUS_PORT": str(self.prometheus_port),
            "TIDEGAUGE_ALERTMANAGER_PORT": str(self.alertmanager_port),
            "TIDEGAUGE_PAGE_PORT": str(self.page_port),
            "TIDEGAUGE_SNAPSHOT_INTERVAL": "1s",
            **{f"TIDEGAUGE_{name.upper()}": value for name, value in settings.items()},
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and return when it says that it is ready."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if BROKER == "kafka" and self.kafka is None:
            port = int(self.environment["TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS"].rpartition(":")[2])
            self.kafka = ApacheKafka(self.data_dir / "kafka", port)
            self.kafka.start()
        said = self.data_dir / "up.log"
        command = [sys.executable, "-m", "cli", *self.up, *(["--no-broker"] if self.kafka is not None else [])]
        with said.open("a") as errors:
            self.process = subprocess.Popen(
                command, cwd=REPOSITORY, env=self.environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("ready"):
            self.stop()
            raise AssertionError(f"the stack did not start: {said.read_text()[-3000:]}")

    def stop(self) -> int:
        """Press Ctrl-C and give the exit code."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(DEADLINE)
        self.process.stdout.close()
        self.process = None
        return status

    def close(self) -> None:
        """Stop what runs, the broker last."""
        if self.process is not None:
            self.stop()
        if self.kafka is not None:
            self.kafka.stop()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(
            command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, timeout=DEADLINE, check=False
        )

    def background(self, *arguments: str, errors: int | None = None) -> "subprocess.Popen[str]":
        """Start a command and leave it running; `errors` is where its stderr goes."""
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.Popen(
            command, cwd=REPOSITORY, env=self.environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )

    def query(self, text: str) -> list[tuple[object, ...]]:
        """Ask ClickHouse as any client would."""
        client = clickhouse_connect.get_client(host="127.0.0.1", port=self.clickhouse_port, database="tidegauge")
        try:
            return [tuple(row) for row in client.query(text).result_rows]
        finally:
            client.close()

    def received(self) -> int:
        """Count the records in the ledger."""
        return int(str(self.query("SELECT sum(received) FROM ledger")[0][0]))

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Return when a condition holds; fail with what was waited for."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"{what}: not within {DEADLINE:g} s"
            time.sleep(0.1)

    def wait_until_received(self, records: int) -> None:
        """Return when the ledger has so many records."""
        self.wait_for(lambda: self.received() >= records, f"{records} records in the ledger")

    def wait_until_durable(self, records: int) -> None:
        """Return when the snapshot of the pipeline covers so many records: a start after it goes on behind them."""
        servers = self.environment["TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS"]
        consumer = Consumer({"bootstrap.servers": servers, "group.id": "tidegauge"})
        partitions = [TopicPartition("events", partition) for partition in range(PARTITIONS)]

        def covered() -> bool:
            return sum(max(found.offset, 0) for found in consumer.committed(partitions, timeout=10)) >= records

        try:
            self.wait_for(covered, f"a snapshot of {records} records")
        finally:
            consumer.close()

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        """Read every table of figures, in a settled order."""
        tables = self.query("SELECT name FROM system.tables WHERE database = 'tidegauge' AND name LIKE '%\\_rows'")
        # The maps of a sketch come sorted by key; when a row was inserted is no figure.
        return {
            str(name): sorted(self.query(f"SELECT * EXCEPT inserted_at FROM {name} FINAL"), key=repr)
            for (name,) in tables
        }

    def pipeline_pid(self) -> int | None:
        """Find the pipeline's process."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().split(b"\0")
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if command[1:4] == [b"-m", b"cli", b"run"] and str(self.data_dir).encode() in environment:
                return int(process.name)
        return None


@contextmanager
def running_stack(data_dir: Path, *, monitoring: bool = False, **settings: str) -> Iterator[RunningStack]:
    """Run a stack for the time of a test; `settings` are further ones by field name."""
    stack = RunningStack(data_dir, monitoring=monitoring, **settings)
    try:
        stack.start()
        yield stack
    finally:
        stack.close()
