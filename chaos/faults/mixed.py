"""Everything that can strike while the stream flows, mixed by chance."""

import time

from chaos.door import Behaviour, Trouble
from chaos.fault import Fault
from chaos.faults.broker import BrokerKilled
from chaos.faults.processes import KillAll, KillInWrite, KillShard, StopAndStart
from chaos.faults.recovery import TornLog
from chaos.ground import Ground


class Mixed(Fault):
    """One of the others, again and again."""

    name = "mixed"
    sentence = "all of these mixed: kills, kills inside writes, clean stops, torn logs, ClickHouse and broker trouble"
    times = 50

    def strike(self, ground: Ground) -> None:
        """Choose one and let it strike."""
        strikes = [
            KillShard().strike,
            KillAll().strike,
            KillInWrite().strike,
            StopAndStart().strike,
            TornLog().strike,
            _trouble,
        ]
        if ground.kafka is not None:
            strikes.append(BrokerKilled().strike)
        ground.random.choice(strikes)(ground)


def _trouble(ground: Ground) -> None:
    """Let ClickHouse fail in all its ways for some seconds."""
    ground.door.behaviour = Behaviour(tuple(Trouble), 0.5, slow_seconds=1.0)
    time.sleep(ground.random.uniform(1, 8))
    ground.door.open()
