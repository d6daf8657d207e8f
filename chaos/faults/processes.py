"""Processes that die at any moment, are stopped and started, are of another version, or are two where one should be."""

import os
import pickle
import sqlite3
import threading
from contextlib import closing
from itertools import count
from signal import SIGTERM
from typing import Any

from chaos.door import Behaviour
from chaos.fault import Fault
from chaos.ground import SNAPSHOT_SECONDS, Ground
from chaos.pipeline import kill, wait_until_ended

START_SECONDS = 2.0
"""In about so many seconds a process comes up."""


class KillShard(Fault):
    """`kill -9` of one shard: while it runs, while it comes up, or while it stops."""

    name = "kill-shard"
    sentence = "kill -9 of one shard, at any moment from start-up to stop"
    times = 50

    def strike(self, ground: Ground) -> None:
        """Kill a random shard."""
        _kill(ground, [ground.random.randrange(ground.plan.shards)])


class KillAll(Fault):
    """`kill -9` of all shards at once, sometimes of their supervisor, too."""

    name = "kill-all"
    sentence = "kill -9 of all shards at once, one time in five with their supervisor"
    times = 50

    def strike(self, ground: Ground) -> None:
        """Kill everything."""
        if ground.random.random() < 0.2:
            ground.pipeline.kill()
            ground.pipeline.start()
        else:
            _kill(ground, list(range(ground.plan.shards)))


def _kill(ground: Ground, shards: list[int]) -> None:
    """Kill shards where they are: three times in five running, once coming up, once stopping."""
    moment = ground.random.choice(("running", "running", "running", "coming up", "stopping"))
    before = ground.pipeline.pids()
    victims = [before[shard] for shard in shards if shard in before]
    if moment == "stopping":
        for pid in victims:
            os.kill(pid, SIGTERM)
        ground.waited(0, 1.0)
    for pid in victims:
        kill(pid)
    wait_until_ended(victims)
    if moment == "coming up":
        ground.wait_for(lambda: any(s in ground.pipeline.pids() for s in shards), "a shard that is started again")
        ground.waited(0, START_SECONDS)
        for shard, pid in ground.pipeline.pids().items():
            if shard in shards:
                kill(pid)


AFTER_ANSWER_SECONDS = 0.05
"""So soon after the answer is now and then in the middle of the snapshot that waited for it."""


class KillInWrite(Fault):
    """`kill -9` while ClickHouse has an insert: before it stores it, after it, or right after its answer."""

    name = "kill-in-write"
    sentence = "kill -9 of all shards inside an insert, after it is stored and before its answer, and between write and snapshot"
    times = 30

    def strike(self, ground: Ground) -> None:
        """Wait for an insert and kill everything in the middle of it."""
        struck, place = threading.Event(), ground.random.choice(("before", "stored", "answered"))
        victims: list[int] = []
        lock = threading.Lock()

        def kill_now() -> None:
            with lock:
                if not struck.is_set():
                    # A snapshot that did not wait for the insert would be durable by then.
                    ground.waited(0, AFTER_ANSWER_SECONDS if place == "answered" else 1.5 * SNAPSHOT_SECONDS)
                    victims.extend(ground.pipeline.pids().values())
                    for pid in victims:
                        kill(pid)
                    struck.set()
            if place == "before":
                raise ConnectionAbortedError("killed before it is stored")

        ground.door.behaviour = Behaviour(before=kill_now) if place == "before" else Behaviour(after=kill_now)
        ground.wait_for(struck.is_set, "an insert")
        ground.door.open()
        wait_until_ended(victims)


class KillInMigration(Fault):
    """`kill -9` of `tidegauge migrate`, again and again, each time some statements further on."""

    name = "kill-in-migration"
    sentence = "kill -9 inside `tidegauge migrate`, 10 times, each at another statement"

    def prepare(self, ground: Ground) -> None:
        """Kill the migration at statements further and further on; then let it end, and compare what it made."""
        for _ in range(10):
            _killed_migration(ground, ground.random.randrange(60))
        ground.run("migrate")
        calm = f"{ground.database}_calm"
        status = _calm_migration(ground, calm)
        ground.expect(status == 0, "a migration that was not disturbed failed")
        ground.expect(
            _made(ground, ground.database) == _made(ground, calm), "the tables differ from an undisturbed migration's"
        )


def _killed_migration(ground: Ground, statements: int) -> None:
    """Migrate, and kill it when it has asked so often; one that asks less often comes to its end."""
    began, numbers = threading.Event(), count()

    def asked() -> None:
        began.wait()
        if next(numbers) >= statements:
            kill(process.pid)

    ground.door.behaviour = Behaviour(asked=asked)
    process = ground.command("migrate", url=ground.door.url)
    began.set()
    try:
        process.wait(ground.plan.patience)
    finally:
        process.kill()
        process.wait()
        ground.door.open()


def _calm_migration(ground: Ground, database: str) -> int:
    before = ground.database
    ground.database = database
    try:
        return ground.command("migrate").wait(120)
    finally:
        ground.database = before


def _made(ground: Ground, database: str) -> dict[str, str]:
    """Give what a database holds: name -> statement that makes it."""
    rows = ground.store.query(f"SELECT name, create_table_query FROM system.tables WHERE database = '{database}'")
    return {str(name): str(statement).replace(database, "DATABASE") for name, statement in rows}


class StopAndStart(Fault):
    """A clean stop and a start: no record is read twice."""

    name = "stop-start"
    sentence = "clean stop and start"
    times = 5

    def strike(self, ground: Ground) -> None:
        """Stop, and look at where the next life begins to read."""
        ground.wait_until_all_read()
        status = ground.pipeline.stop()
        ground.expect(status == 0, f"a clean stop gave exit code {status}")
        stored = ground.received()
        self.between(ground)
        ground.pipeline.start()
        ground.wait_until_all_read()
        read = sum(ground.pipeline.begun())
        ground.expect(read == stored, f"{stored:,} records were stored, and the next life goes on behind {read:,}")

    def between(self, ground: Ground) -> None:
        """Do something while it is stopped."""


class Upgrade(StopAndStart):
    """Stop, a state as the first version wrote it, start: the state is taken up and goes on as today's."""

    name = "upgrade"
    sentence = "stop, state of snapshot version 1, start"
    times = 2

    def between(self, ground: Ground) -> None:
        """Write the states as version 1 did."""
        for shard in range(ground.plan.shards):
            file = ground.pipeline.recovery(shard) / "bytewax" / "part-0.sqlite3"
            with closing(sqlite3.connect(file)) as database, database:
                for key, raw in database.execute("SELECT rowid, ser_change FROM snaps").fetchall():
                    if raw is not None:
                        state = _as_version_1(pickle.loads(raw))  # noqa: S301 - our own bytes
                        database.execute("UPDATE snaps SET ser_change = ? WHERE rowid = ?", (pickle.dumps(state), key))


def _as_version_1(state: Any) -> Any:
    """Take out of a state what version 1 did not have."""
    if isinstance(state, dict) and "log_id" in state:
        return {name: value for name, value in state.items() if name != "topic_id"} | {"version": 1}
    if isinstance(state, dict) and "rollups" in state:
        partitions = {
            partition: {name: value for name, value in own.items() if name != "rejected"}
            for partition, own in state["partitions"].items()
        }
        return {**state, "version": 1, "partitions": partitions}
    return state


class TwoForOneShard(Fault):
    """A second process for a shard that runs is refused by name."""

    name = "two-for-one-shard"
    sentence = "a second process is started for a shard that runs"
    times = 3

    def strike(self, ground: Ground) -> None:
        """Start another process for a running shard; it must end by itself and say why."""
        ground.wait_for(lambda: len(ground.pipeline.pids()) == ground.plan.shards, "all shards")
        ground.caught_up()
        shard = ground.random.randrange(ground.plan.shards)
        holder = ground.pipeline.pids()[shard]
        process = ground.command("run", "--shards", f"{shard}/{ground.plan.shards}", url=ground.door.url)
        try:
            status = process.wait(60)
        finally:
            process.kill()
            process.wait()
        said = (ground.folder / "commands.log").read_text()
        ground.expect(status == 1, f"the second process ended with {status}, not 1")
        ground.expect(
            f"is in use by process {holder}" in said, f"nobody said that process {holder} holds shard {shard}"
        )
