"""What the client says on its way to a partition that is there is waited out; everything else is said at once.

No broker can be made to bring a client into this state when a test asks for it (it took some thirty fresh brokers on a busy
machine to see it once), so the client is played here.
"""

from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipelines import topic


class Finding:
    """A client that gives its answers in turn, an error code or where the log begins; the last one for ever."""

    def __init__(self, *answers: int | tuple[int, int]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(answer, int):
            raise KafkaException(KafkaError(answer))
        return answer


def oldest(client: Finding) -> int:
    return topic._oldest(cast("Consumer", client), "events", 0)


def test_a_client_that_still_finds_its_way_is_asked_again() -> None:
    client = Finding(KafkaError._UNKNOWN_PARTITION, KafkaError._DESTROY, KafkaError._UNKNOWN_TOPIC, (7, 9))
    assert oldest(client) == 7
    assert client.asked == 4


def test_it_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic, "BROKER_TIMEOUT", 0.2)
    with pytest.raises(KafkaException, match="_UNKNOWN_PARTITION"):
        oldest(Finding(KafkaError._UNKNOWN_PARTITION))


def test_what_does_not_pass_is_said_at_once() -> None:
    client = Finding(KafkaError._ALL_BROKERS_DOWN, (0, 0))
    with pytest.raises(KafkaException, match="_ALL_BROKERS_DOWN"):
        oldest(client)
    assert client.asked == 1
