"""What happens to the topic itself: read again from its beginning, made anew, expired, grown by partitions."""

import shutil
from dataclasses import replace

from confluent_kafka import TopicPartition
from confluent_kafka.cimpl import NewPartitions, NewTopic

from chaos.fault import Fault
from chaos.ground import Ground
from chaos.plan import ChaosPlan, by_key
from local.producer import Record


def _says_everywhere(ground: Ground, *texts: str) -> bool:
    """Tell whether every shard says one of some texts."""
    said = [ground.pipeline.said(shard) for shard in range(ground.plan.shards)]
    return all(any(text in own for text in texts) for own in said)


class Replay(Fault):
    """The whole topic is read again by a pipeline without memory: no figure changes."""

    name = "replay"
    sentence = "full replay of the topic from offset 0"

    def strike(self, ground: Ground) -> None:
        """Forget everything and read from the beginning."""
        ground.caught_up()
        ground.pipeline.stop()
        shutil.rmtree(ground.pipeline.data_dir / "recovery")
        ground.pipeline.start()

    def verify(self, ground: Ground) -> None:
        """Wait until all of it was read again: the ledger cannot tell."""
        sent = ground.stream.sent
        ground.wait_for(lambda: ground.pipeline.metric("tidegauge_records_received_total") >= sent, "the replay to end")


class TopicMadeAnew(Fault):
    """The topic is deleted and made again under its name: the pipeline stops and says so, and a flag lets it go on."""

    name = "topic-made-anew"
    sentence = "topic deleted and created again"
    needs_kafka = True
    times = 2

    def __init__(self) -> None:
        self._logs = 1

    def strike(self, ground: Ground) -> None:
        """Wait until everything is read, since the log ends with its records; make the topic anew; go on by the flag."""
        ground.stream.end()
        ground.caught_up()
        admin = ground.admin()
        admin.delete_topics([ground.topic])[ground.topic].result(30)
        ground.wait_for(lambda: ground.topic not in admin.list_topics(timeout=10).topics, "the topic to be gone", 30)
        admin.create_topics([NewTopic(ground.topic, ground.plan.partitions, 1)])[ground.topic].result(30)
        ground.stream.goes_on_in_a_new_log()
        texts = ("made anew", "is not in the log", "cannot read")
        ground.wait_for(lambda: _says_everywhere(ground, *texts), "all shards to say that the topic was made anew", 90)
        ground.pipeline.stop()
        self._logs += 1
        ground.pipeline.start("--log-id", f"log-{self._logs}")


class Expired(Fault):
    """Records expire while the pipeline is stopped: the start is refused with what was lost, and a flag lets it go on."""

    name = "records-expired"
    sentence = "offsets expired by retention while stopped"
    needs_kafka = True

    def planned(self, plan: ChaosPlan) -> ChaosPlan:
        """Send slowly enough that most is still to come when the pipeline stops."""
        return replace(plan, rate=min(plan.rate, plan.events / 20))

    def strike(self, ground: Ground) -> None:
        """Stop, let the stream flow on, expire a part of what nobody read, see the refusal, accept the loss."""
        ground.wait_for(ground.received, "the first records")
        ground.pipeline.stop()
        ground.stream.end()
        read = {partition: _stored(ground, partition) for partition in range(ground.plan.partitions)}
        lost = {}
        admin = ground.admin()
        for partition in (1, 4):
            end = len(ground.stream.records()[partition])
            first, end = read[partition], read[partition] + (end - read[partition]) // 2
            where = TopicPartition(ground.topic, partition, end)
            admin.delete_records([where])[where].result(30)
            lost[partition] = (first, end)
        ground.pipeline.start()
        for partition, (first, end) in lost.items():
            _wait_until_said(
                ground, partition % ground.plan.shards, f"{ground.topic}[{partition}] {first:,} to {end - 1:,}"
            )
            ground.stream.forget(partition, first, end)
        ground.pipeline.stop()
        ground.pipeline.start("--accept-loss")
        gaps = sorted((partition, first, end) for partition, (first, end) in lost.items())
        ground.wait_for(lambda: _gaps(ground) == gaps, f"the gaps {gaps} in the ledger", 60)
        ground.notes.append(f"{sum(end - first for first, end in lost.values()):,} records expired, all of them told")


def _wait_until_said(ground: Ground, shard: int, text: str) -> None:
    ground.wait_for(lambda: text in ground.pipeline.said(shard), f"shard {shard} to say {text!r}", 60)


def _stored(ground: Ground, partition: int) -> int:
    (row,) = ground.store.query(f"SELECT sum(received) FROM ledger WHERE partition = {partition}")
    return int(row[0])


def _gaps(ground: Ground) -> list[tuple[int, int, int]]:
    rows = ground.store.query("SELECT partition, first_offset, end_offset FROM gaps ORDER BY 1, 2")
    return [(int(partition), int(first), int(end)) for partition, first, end in rows]


class PartitionsAdded(Fault):
    """The topic grows by four partitions while everything runs: they are noticed, said and read."""

    name = "partitions-added"
    sentence = "partitions added to the topic while running"
    needs_kafka = True
    times = 2

    def __init__(self) -> None:
        self._grown = 0

    def strike(self, ground: Ground) -> None:
        """Add partitions, and send to them from now on."""
        before = ground.stream.partitions
        ground.stream.end()
        admin = ground.admin()
        admin.create_partitions([NewPartitions(ground.topic, before + 4)])[ground.topic].result(30)
        ground.stream.partitions = before + 4
        took = ground.wait_for(
            lambda: _says_everywhere(ground, "partitions were added"),
            "all shards to say that partitions were added",
            60,
        )
        ground.notes.append(f"noticed after {took:.0f} s")


def _told_of(ground: Ground) -> int:
    """Count how often the shard that said it least has said that partitions were added."""
    return min(ground.pipeline.said(shard).count("partitions were added") for shard in range(ground.plan.shards))


AHEAD_SECONDS = 1_800.0
"""So far is one partition ahead of the others, in the stream's own time; later than five minutes is late."""


class AheadAndIdle(Fault):
    """One partition is far ahead of the others in time, and one has nothing: nobody's events turn late, nothing waits."""

    name = "ahead-and-idle"
    sentence = "one partition replayed far ahead of the others, one idle"

    def planned(self, plan: ChaosPlan) -> ChaosPlan:
        """Leave the last partition idle, and let the stream last several times as long as an event may be late."""
        return replace(plan, route=_all_but_the_last, density=plan.events / AHEAD_SECONDS)

    def spoiled(self, records: list[Record], plan: ChaosPlan) -> list[Record]:
        """Send all of partition 0 first: it is at the end of time when the others begin."""
        first = [record for record in records if _all_but_the_last(record, plan.partitions) == 0]
        others = [record for record in records if _all_but_the_last(record, plan.partitions) != 0]
        return [*first, *others]


def _all_but_the_last(record: Record, partitions: int) -> int:
    return by_key(record, partitions - 1)
