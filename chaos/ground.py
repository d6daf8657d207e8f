"""The ground of a chaos run: broker, ClickHouse behind a door, the pipeline and the stream, real each of them."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from chaos.door import Door
from chaos.pipeline import Pipeline
from chaos.plan import BrokerKind, ChaosPlan
from chaos.recount.letters import Letter
from chaos.recount.records import Record
from chaos.stream import Stream
from local.apache_kafka.broker import ApacheKafka
from local.broker import Broker, create_topics
from local.ports import free_port, free_ports
from local.processes import Supervisor
from sinks.clickhouse import ClickHouse, StoreAwayError, StoreRefusedError

KEY: Final = "a key of a chaos run; what it hides is simulated"
POLL_SECONDS: Final = 0.1
QUIET_POLLS: Final = 8
SNAPSHOT_SECONDS: Final = 1
"""Between two snapshots: many, so that a kill often meets one."""
HOST: Final = "127.0.0.1"


class ChaosError(RuntimeError):
    """A run could not go on; the text says what was waited for."""


class Ground:
    """Everything a fault can strike; made by `ground`."""

    def __init__(self, plan: ChaosPlan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.random = Random(plan.seed)
        self.topic = f"chaos-{plan.seed}"
        self.letters_topic = f"chaos-{plan.seed}.rejected"
        self.database = "tidegauge" if not plan.clickhouse_url else f"tidegauge_chaos_{plan.seed}"
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.endings: list[Callable[[], None]] = []
        self.kafka: ApacheKafka | None = None
        self.bootstrap = plan.bootstrap
        self.clickhouse_url = plan.clickhouse_url
        self.door: Door
        self.pipeline: Pipeline
        self.stream: Stream
        self.store: ClickHouse

    def admin(self) -> AdminClient:
        """Make a client that changes topics; hold it until its answers are there."""
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def command(self, *arguments: str, url: str | None = None) -> subprocess.Popen[bytes]:
        """Start a command of Tidegauge against the ground, past the door unless a URL is given."""
        environment = {**os.environ, **self.environment(), "TIDEGAUGE_CLICKHOUSE_URL": url or self.clickhouse_url}
        with (self.folder / "commands.log").open("ab") as log:
            return subprocess.Popen([*self.plan.program, *arguments], env=environment, stdout=log, stderr=log)

    def run(self, *arguments: str) -> None:
        """Run a command of Tidegauge to its end.

        Raises:
            ChaosError: it failed.
        """
        if self.command(*arguments).wait(self.plan.patience) != 0:
            raise ChaosError(f"`tidegauge {' '.join(arguments)}` failed; see {self.folder / 'commands.log'}")

    def environment(self) -> dict[str, str]:
        """Give the settings of every command of Tidegauge here."""
        return {
            "TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "TIDEGAUGE_EVENTS_TOPIC": self.topic,
            "TIDEGAUGE_REJECTED_TOPIC": self.letters_topic,
            "TIDEGAUGE_CONSUMER_GROUP": self.topic,
            "TIDEGAUGE_CLICKHOUSE_URL": self.door.url,
            "TIDEGAUGE_CLICKHOUSE_USER": self.plan.clickhouse_user,
            "TIDEGAUGE_CLICKHOUSE_PASSWORD": self.plan.clickhouse_password,
            "TIDEGAUGE_DATABASE": self.database,
            "TIDEGAUGE_DATA_DIR": str(self.folder / "data"),
            "TIDEGAUGE_PSEUDONYM_KEY": KEY,
            "TIDEGAUGE_SNAPSHOT_INTERVAL": f"{SNAPSHOT_SECONDS}s",
            "TIDEGAUGE_LOG_FORMAT": "json",
            **self.plan.settings,
        }

    def received(self) -> int:
        """Count the records in the ledger; 0 while it cannot be read."""
        try:
            (row,) = self.store.query("SELECT sum(received) FROM ledger")
        except (StoreAwayError, StoreRefusedError):
            return 0
        return int(row[0])

    def wait_for(self, condition: Callable[[], Any], what: str, seconds: float | None = None) -> float:
        """Wait until a condition holds, at most `seconds` or the plan's patience; give how long it took, in seconds.

        Raises:
            ChaosError: it did not hold in time.
        """
        began, most = time.monotonic(), min(seconds or self.plan.patience, self.plan.patience)
        while not condition():
            if time.monotonic() - began > most:
                raise ChaosError(f"waited {most:,.0f} s in vain for {what}")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def caught_up(self) -> float:
        """Wait until everything that was sent up to now is in the ledger; give how long that took, in seconds."""
        sent = self.stream.sent
        return self.wait_for(lambda: self.received() >= sent, f"{sent:,} records in the ledger")

    def wait_until_all_read(self) -> None:
        """Wait until every shard has begun to read, so that it knows what to do at a stop."""
        self.wait_for(lambda: len(self.pipeline.begun()) == self.plan.shards, "all shards to read")

    def waited(self, shortest: float, longest: float) -> float:
        """Let a random time go by."""
        seconds = self.random.uniform(shortest, longest)
        time.sleep(seconds)
        return seconds

    def at_end(self, ending: Callable[[], None]) -> None:
        """Do something when the ground is cleared away, after the pipeline has ended."""
        self.endings.append(ending)

    def expect(self, condition: object, problem: str) -> None:
        """Note a problem where a condition does not hold; any problem makes the run fail."""
        if not condition:
            self.problems.append(problem)

    def letters(self) -> list[Letter]:
        """Read the dead-letter topic to its end."""
        return [_letter(message) for message in self._read_to_the_end(self.letters_topic, 1)]

    def what_kafka_holds(self) -> list[Record]:
        """Read the events topic, as it is now, to its end."""
        messages = self._read_to_the_end(self.topic, self.stream.partitions)
        return [
            Record(m.partition() or 0, m.offset() or 0, int(m.timestamp()[1]), bytes(m.value() or b""))
            for m in messages
        ]

    def _read_to_the_end(self, topic: str, partitions: int) -> list[Message]:
        """Read what every partition holds; not every broker tells where a log ends, so quiet tells it."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "chaos", "log_level": 0})
        wanted = [TopicPartition(topic, partition) for partition in range(partitions)]
        oldest = [consumer.get_watermark_offsets(place, timeout=30)[0] for place in wanted]
        consumer.assign(
            [TopicPartition(topic, place.partition, low) for place, low in zip(wanted, oldest, strict=True)]
        )
        found: list[Message] = []
        quiet = 0
        while quiet < QUIET_POLLS:
            messages = consumer.consume(10_000, 0.3)
            quiet = 0 if messages else quiet + 1
            found += [message for message in messages if message.error() is None]
        consumer.close()
        return found


@contextmanager
def ground(plan: ChaosPlan, folder: Path) -> Iterator[Ground]:
    """Make the ground of a run and clear it away afterwards; the pipeline is made and not started."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    made = Ground(plan, folder)
    with ExitStack() as stack:
        _broker(made, stack)
        create_topics(made.bootstrap, {made.topic: plan.partitions, made.letters_topic: 1})
        _clickhouse(made, stack)
        made.door = stack.enter_context(Door(made.clickhouse_url, plan.seed))
        made.stream = Stream(made.bootstrap, made.topic, plan.partitions, plan.route, plan.rate)
        port = free_ports(plan.shards)
        environment = {**made.environment(), "TIDEGAUGE_METRICS_PORT": str(port)}
        made.pipeline = Pipeline(plan.program, plan.shards, folder / "data", environment, port)
        stack.callback(lambda: [ending() for ending in reversed(made.endings)])
        stack.callback(made.pipeline.kill)
        stack.enter_context(_memory_watched(made.pipeline))
        yield made


def _letter(message: Message) -> Letter:
    headers = message.headers() or []
    named = headers.items() if isinstance(headers, dict) else headers
    told = [(name, value.encode() if isinstance(value, str) else value) for name, value in named]
    return Letter(message.key(), message.value(), told)


def _broker(made: Ground, stack: ExitStack) -> None:
    if made.plan.broker is BrokerKind.KAFKA:
        made.kafka = stack.enter_context(ApacheKafka(made.folder / "kafka"))
        made.bootstrap = made.kafka.bootstrap
    elif made.plan.broker is BrokerKind.EMBEDDED:
        made.bootstrap = stack.enter_context(Broker(made.folder / "logs")).bootstrap


def _clickhouse(made: Ground, stack: ExitStack) -> None:
    if not made.clickhouse_url:
        port = free_port()
        made.clickhouse_url = f"http://{HOST}:{port}"
        command = [sys.executable, "-m", "local.clickhouse_endpoint", "--data", str(made.folder / "clickhouse")]
        supervisor = stack.enter_context(Supervisor(made.folder / "logs"))
        supervisor.start("clickhouse", [*command, "--port", str(port)], probe=lambda: _listens(port), ready_within=60)
    made.store = _store(made)
    stack.callback(made.store.close)


def _store(made: Ground) -> ClickHouse:
    plan = made.plan
    return ClickHouse(made.clickhouse_url, plan.clickhouse_user, plan.clickhouse_password, made.database, timeout=120)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def _memory_watched(pipeline: Pipeline) -> Iterator[None]:
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            pipeline.sample_memory()

    thread = threading.Thread(target=watch, name="memory", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
