"""One process of Apache Kafka in KRaft mode on loopback, with its log on disk: it can be stopped, killed and started again."""

import base64
import os
import signal
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from local.apache_kafka.jars import fetch
from local.broker import answers
from local.ports import free_port
from local.processes import Child, ChildFailedError, ChildSpec

HOST: Final = "127.0.0.1"
READY_WITHIN_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
NO_PROPERTIES: Final[Mapping[str, str]] = {}
_JVM: Final = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""A small, quick start on few cores matters more here than the last events a second."""


class ApacheKafka:
    """A broker of its own for tests, chaos and benchmarks, as a context manager.

    Attributes:
        bootstrap: its address, host:port, the same in every life.
    """

    def __init__(self, folder: Path, port: int = 0, properties: Mapping[str, str] = NO_PROPERTIES) -> None:
        """Prepare a broker.

        Args:
            folder: keeps its log and its configuration.
            port: to listen on; 0 takes a free one.
            properties: further ones of the broker.

        Raises:
            KafkaMissingError: Java or Maven is not there, or the jars could not be fetched.
        """
        self._folder = folder.resolve()
        self._jars = fetch()
        self.bootstrap = f"{HOST}:{port or free_port(HOST)}"
        self._properties = self._folder / "server.properties"
        self._child: Child | None = None
        self._folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(self._configuration(properties))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the latest life."""
        assert self._child is not None, "it was started"  # noqa: S101 - a mistake of the caller
        return self._child.pid

    @property
    def data(self) -> Path:
        """Where the log is."""
        return self._folder / "log"

    def start(self) -> None:
        """Start it, with the log of the life before, and return when it answers.

        Raises:
            ChildFailedError: it ended or did not answer in time; the text has the end of its log.
        """
        if not self.data.exists():
            self._format()
        command = ["java", *_JVM, *self._logging(), "-cp", f"{self._jars}/*", "kafka.Kafka", str(self._properties)]
        spec = ChildSpec("kafka", command, self._answers, READY_WITHIN_SECONDS, {}, self._folder)
        self._child = Child(spec, self._folder / "kafka.log")
        self._child.wait_until_ready()

    def stop(self) -> None:
        """End it in good order."""
        if self._child is not None:
            self._child.stop(STOP_SECONDS)

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        assert self._child is not None, "it was started"  # noqa: S101 - a mistake of the caller
        os.kill(self._child.pid, signal.SIGKILL)
        self._child.stop(STOP_SECONDS)

    def _answers(self) -> bool:
        return answers(self.bootstrap)

    def _logging(self) -> tuple[str, ...]:
        return ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")

    def _free_port(self) -> int:
        """Take a free port that is not the broker's own, which nobody listens on yet."""
        own = int(self.bootstrap.rpartition(":")[2])
        return next(port for port in iter(lambda: free_port(HOST), None) if port != own)

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ["java", *self._logging(), "-cp", f"{self._jars}/*", "kafka.tools.StorageTool", "format"]
        ran = subprocess.run(
            # As one word: an id may begin with a dash.
            [*tool, f"--cluster-id={cluster}", "--config", str(self._properties)],
            check=False, capture_output=True, text=True, timeout=READY_WITHIN_SECONDS,
        )  # fmt: skip
        if ran.returncode != 0:
            raise ChildFailedError(f"Kafka could not format its folder {self.data}:\n{ran.stdout}{ran.stderr}")

    def _configuration(self, properties: Mapping[str, str]) -> str:
        controller = f"{HOST}:{self._free_port()}"
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self.data),
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            # A killed broker is let in again only when its session is over.
            "broker.session.timeout.ms": "1500",
            "broker.heartbeat.interval.ms": "300",
            # A killed broker reads its log again at the start; more threads make that quick.
            "num.recovery.threads.per.data.dir": "2",
            # Topics are deleted and made again within a test.
            "file.delete.delay.ms": "1000",
            # Records carry times that their tests chose; none may expire because the calendar went on.
            "log.retention.ms": "-1",
            "message.max.bytes": str(4 << 20),
            **properties,
        }
        return "".join(f"{name}={value}\n" for name, value in lines.items())
