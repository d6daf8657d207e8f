"""A broker that is stopped and started, or killed and started with its log."""

import time

from chaos.fault import Fault
from chaos.ground import Ground
from local.apache_kafka.broker import ApacheKafka


def own(ground: Ground) -> ApacheKafka:
    """Give the run's own broker; a fault that strikes it says that it needs one."""
    assert ground.kafka is not None, "the fault says that it needs a broker of its own"  # noqa: S101 - see Fault
    return ground.kafka


class BrokerAway(Fault):
    """A broker that goes and comes: every shard recovers by itself, in the process that it was before."""

    needs_own_broker = True

    def __init__(self) -> None:
        self._lives: dict[int, int] = {}

    def strike(self, ground: Ground) -> None:
        """Let the broker go and come; nobody touches the pipeline."""
        self._lives = self._lives or ground.pipeline.pids()
        self.goes_and_comes(ground)

    def goes_and_comes(self, ground: Ground) -> None:
        """Take the broker away and bring it back."""
        raise NotImplementedError

    def verify(self, ground: Ground) -> None:
        """See that nobody was started again."""
        survived = sum(ground.pipeline.pids().get(shard) == pid for shard, pid in self._lives.items())
        ground.expect(
            survived == ground.plan.shards, f"only {survived} of {ground.plan.shards} shards went on without a restart"
        )


class BrokerStopped(BrokerAway):
    """The broker is stopped for a minute and started again."""

    name = "broker-stopped"
    sentence = "broker stopped for 60 s and started"

    def goes_and_comes(self, ground: Ground) -> None:
        """Stop the broker and start it."""
        own(ground).stop()
        time.sleep(60)
        own(ground).start()


class BrokerKilled(BrokerAway):
    """The broker dies and is started with its log."""

    name = "broker-killed"
    sentence = "broker killed (kill -9) and started with its log"
    times = 3

    def goes_and_comes(self, ground: Ground) -> None:
        """Kill the broker and start it."""
        own(ground).kill()
        ground.waited(0, 5)
        own(ground).start()
