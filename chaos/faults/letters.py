"""A dead-letter topic that refuses, and a release that sends nothing but bad events."""

import time

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it does export them
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from chaos.fault import Fault
from chaos.ground import Ground
from chaos.plan import ChaosPlan
from local.producer import Record

SECONDS = 30.0


class LettersRefused(Fault):
    """The dead-letter topic takes nothing for 30 s: the pipeline waits, says so, and drops no letter."""

    name = "dead-letters-refused"
    sentence = "the dead-letter topic refuses everything for 30 s"
    needs_kafka = True

    def strike(self, ground: Ground) -> None:
        """Let the topic take no record, however small."""
        _largest_record(ground, 1)
        told = ground.wait_for(lambda: _says(ground, "dead letters refused"), "a shard to say that letters are refused")
        time.sleep(max(SECONDS - told, 0))
        _largest_record(ground, 4 << 20)


def _largest_record(ground: Ground, size: int) -> None:
    admin = ground.admin()
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, ground.letters_topic, incremental_configs=[entry])
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(10)


def _says(ground: Ground, text: str) -> bool:
    return any(text in ground.pipeline.said(shard) for shard in range(ground.plan.shards))


def _all_say(ground: Ground, text: str) -> bool:
    return all(text in ground.pipeline.said(shard) for shard in range(ground.plan.shards))


def _bad_release(records: list[Record]) -> list[Record]:
    """Break the middle third: a release forgot the messageId."""
    third = len(records) // 3
    middle = [
        (key, value.replace(b'"messageId"', b'"message_id"', 1), time_ms)
        for key, value, time_ms in records[third : 2 * third]
    ]
    return [*records[:third], *middle, *records[2 * third :]]


class AllBad(Fault):
    """Nothing but bad events for a while, without a limit: every one becomes a dead letter."""

    name = "all-bad"
    sentence = "100 % bad events for a third of the run, no limit set"
    settings = {"TIDEGAUGE_REJECTED_SHARE_LIMIT": "1"}  # noqa: RUF012 - see Fault

    def spoiled(self, records: list[Record], plan: ChaosPlan) -> list[Record]:
        """Break the middle third."""
        return _bad_release(records)


class RejectLimit(Fault):
    """The same with the limit: it stops before the release has emptied the topic, and goes on when it is lifted."""

    name = "reject-limit"
    sentence = "100 % bad events for a third of the run: the limit stops it; lifted, it goes on"
    settings = {"TIDEGAUGE_REJECTED_SHARE_OVER": "500"}  # noqa: RUF012 - see Fault

    def spoiled(self, records: list[Record], plan: ChaosPlan) -> list[Record]:
        """Break the middle third."""
        return _bad_release(records)

    def strike(self, ground: Ground) -> None:
        """Wait until every shard has stopped, see that the dead letters are few, and lift the limit."""
        ground.stream.end()
        ground.wait_for(lambda: _all_say(ground, "records up to offset"), "all shards to stop")
        (row,) = ground.store.query("SELECT count() FROM rejected_events")
        bad = ground.stream.sent // 3
        ground.expect(int(row[0]) < bad // 2, f"{row[0]:,} of {bad:,} bad events became dead letters before it stopped")
        ground.notes.append(f"stopped after {int(row[0]):,} dead letters of {bad:,} bad events")
        ground.pipeline.stop()
        ground.pipeline.environment["TIDEGAUGE_REJECTED_SHARE_LIMIT"] = "1"
        ground.pipeline.start()
