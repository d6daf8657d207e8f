"""`tidegauge topics` on a real broker: makes what is missing, changes nothing, refuses another number."""

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from local.topics import topic_partitions

_numbers = count()


def run(broker: str, topic: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    names = {"TIDEGAUGE_EVENTS_TOPIC": topic, "TIDEGAUGE_REJECTED_TOPIC": f"{topic}.rejected"}
    return subprocess.run(
        [sys.executable, "-m", "cli", "topics", *arguments],
        cwd=Path(__file__).parents[2],
        env=os.environ | names | {"TIDEGAUGE_KAFKA_BOOTSTRAP_SERVERS": broker},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.service
def test_what_is_missing_is_made_once(broker: str) -> None:
    topic = f"made-{next(_numbers)}"
    first = run(broker, topic)
    assert first.returncode == 0, first.stderr
    assert f"created {topic}" in first.stderr
    found = topic_partitions(broker)
    assert (found[topic], found[f"{topic}.rejected"]) == (8, 1)
    again = run(broker, topic)
    assert (again.returncode, again.stderr) == (0, "")
    other = run(broker, topic, "--partitions", "9")
    assert other.returncode == 1
    assert f"topic {topic} has 8 partitions, not 9" in other.stderr
    assert topic_partitions(broker)[topic] == 8
