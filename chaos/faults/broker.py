"""A broker that is stopped and started, or killed and started with its log."""

import time

from chaos.fault import Fault
from chaos.ground import Ground
from local.apache_kafka.broker import ApacheKafka


def own(ground: Ground) -> ApacheKafka:
    """Give the run's own broker; a fault that strikes it says that it needs one."""
    assert ground.kafka is not None, "the fault says that it needs a broker of its own"  # noqa: S101 - see Fault
    return ground.kafka


class BrokerStopped(Fault):
    """The broker is stopped for a minute and started again."""

    name = "broker-stopped"
    sentence = "broker stopped for 60 s and started"
    needs_own_broker = True

    def strike(self, ground: Ground) -> None:
        """Stop the broker; nobody touches the pipeline."""
        lives = ground.pipeline.pids()
        own(ground).stop()
        time.sleep(60)
        own(ground).start()
        ground.caught_up()
        survived = sum(ground.pipeline.pids().get(shard) == pid for shard, pid in lives.items())
        ground.notes.append(f"{survived} of {len(lives)} shards went on without a restart")


class BrokerKilled(Fault):
    """The broker dies and is started with its log."""

    name = "broker-killed"
    sentence = "broker killed (kill -9) and started with its log"
    times = 3
    needs_own_broker = True

    def strike(self, ground: Ground) -> None:
        """Kill the broker and start it."""
        own(ground).kill()
        ground.waited(0, 5)
        own(ground).start()
