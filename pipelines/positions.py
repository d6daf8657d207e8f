"""Where each partition is read on: taken from the state, and checked against the topic's logs as they are now.

What the logs no longer hold is never skipped in silence: it is refused, or accepted by name and reported as a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

STATE_VERSION = 2


class SourceError(Exception):
    """The topic cannot be read on from where the state stands; the message says what to do."""


class Position(TypedDict):
    """Where a partition is read on: `next` in Kafka's count, `base` what earlier logs of the topic held."""

    next: int
    base: int


class SourceState(TypedDict):
    """What Bytewax keeps of the source."""

    version: int
    log_id: str
    topic_id: str
    positions: dict[int, Position]


@dataclass(frozen=True, slots=True)
class Gap:
    """Records of a partition that were gone before they could be read: stream offsets `first` up to, without, `end`."""

    partition: int
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is now.

    Attributes:
        name: of the topic.
        id: that the broker gave it, another one when it is made anew; empty where the broker does not tell.
        log_id: that the operator gave this incarnation of it.
        oldest: partition -> offset of the oldest record that its log holds.
    """

    name: str
    id: str
    log_id: str
    oldest: Mapping[int, int]


def resumed(state: SourceState | None, topic: Topic, *, accept_loss: bool) -> tuple[dict[int, Position], list[Gap]]:
    """Say where each partition is read on, and which records are gone that were not read.

    Args:
        state: of the life before; None at the very first start, which begins with the oldest records there are.
        topic: as it is now, with the partitions of this shard alone.
        accept_loss: go on behind records that are gone.

    Raises:
        SourceError: the topic is another one than before, or records are gone and that is not accepted.
    """
    if state is None:
        return {p: {"next": oldest, "base": 0} for p, oldest in topic.oldest.items()}, []
    before = upgraded(state)
    anew = made_anew(before, topic)
    if vanished := sorted(before["positions"].keys() - topic.oldest.keys()):
        raise SourceError(
            f"{topic.name} has no partition {vanished[0]} any more, so it is not the topic that was read before. Make it "
            f"again with at least {max(before['positions']) + 1} partitions. {_NEW_LOG}"
        )
    new: Position = {"next": 0, "base": 0}
    positions = {partition: before["positions"].get(partition, new) for partition in topic.oldest}
    if anew:
        positions = {p: {"next": 0, "base": old["base"] + old["next"]} for p, old in positions.items()}
    gaps = [
        Gap(partition, position["base"] + position["next"], position["base"] + topic.oldest[partition])
        for partition, position in sorted(positions.items())
        if topic.oldest[partition] > position["next"]
    ]
    if gaps and not accept_loss:
        raise _lost(topic.name, gaps)
    moved: dict[int, Position] = {
        p: {"next": max(old["next"], topic.oldest[p]), "base": old["base"]} for p, old in sorted(positions.items())
    }
    return moved, gaps


def upgraded(state: Mapping[str, Any]) -> SourceState:
    """Take up a state of this version or of one before.

    Raises:
        SourceError: it is of a version that this program does not know.
    """
    if state["version"] not in (1, STATE_VERSION):
        raise SourceError(
            f"the state is of version {state['version']}, this program reads up to {STATE_VERSION}: start the newer program"
        )
    # Version 1 did not know the topic's id.
    return {
        "version": STATE_VERSION,
        "log_id": state["log_id"],
        "topic_id": state.get("topic_id", ""),
        "positions": dict(state["positions"]),
    }


def made_anew(before: SourceState, topic: Topic) -> bool:
    """Tell whether the topic is another one than before, which the operator says by another log id.

    Raises:
        SourceError: it is and the log id is the same, or it is not and the log id is another.
    """
    known = before["topic_id"] and topic.id
    renamed = before["log_id"] != topic.log_id
    if known and before["topic_id"] != topic.id and not renamed:
        raise SourceError(
            f"{topic.name} was deleted and made anew: its id was {before['topic_id']} and is {topic.id}. Offsets of the "
            f"old log mean nothing in it. {_NEW_LOG}"
        )
    if known and before["topic_id"] == topic.id and renamed:
        raise SourceError(
            f"--log-id is {topic.log_id!r} and was {before['log_id']!r}, but {topic.name} is the same topic as before "
            f"(id {topic.id}): reading it again from its beginning under a new name would count every event twice. "
            f"Start with --log-id {before['log_id'] or repr('')}."
        )
    return renamed


def not_in_log(topic: str, partition: int, offset: int | None) -> SourceError:
    """Say that an offset is not in the log, while it is read."""
    return SourceError(
        f"{topic}[{partition}]: offset {offset} is not in the log: it has expired, or the topic was made anew. "
        f"Start again to be told which. {_NEW_LOG}"
    )


_NEW_LOG = "For a topic that was made anew, start with --log-id and a new name for it."


def _lost(topic: str, gaps: Sequence[Gap]) -> SourceError:
    named = ", ".join(f"{topic}[{gap.partition}] {gap.first:,} to {gap.end - 1:,}" for gap in gaps)
    total = sum(gap.end - gap.first for gap in gaps)
    return SourceError(
        f"{total:,} records expired before they were read: {named} (stream offsets). They cannot be had back here. "
        "If they exist elsewhere, bring them back by `tidegauge replay`; to go on without them, start once with "
        "--accept-loss: the ledger then shows the gap."
    )
