"""ClickHouse that is away, slow, wrong, or cuts the connection when everything is stored: the door in front of it does that."""

import time
from typing import ClassVar

from chaos.door import Behaviour, Trouble
from chaos.fault import Fault
from chaos.ground import Ground

SECONDS = 60.0


class StoreAway(Fault):
    """ClickHouse is away for a minute: `/readyz` turns red and green again, and nothing is buffered without bound."""

    name = "clickhouse-away"
    sentence = "ClickHouse away for 60 s"

    def strike(self, ground: Ground) -> None:
        """Cut every connection for a minute."""
        ground.wait_for(lambda: _ready(ground) == [200] * ground.plan.shards, "all shards to be ready")
        ground.door.behaviour = Behaviour(away=True)
        began = time.monotonic()
        took = ground.wait_for(lambda: 503 in _ready(ground), "a page that says it is not ready", SECONDS)
        ground.notes.append(f"/readyz red after {took:.0f} s")
        time.sleep(max(began + SECONDS - time.monotonic(), 0))
        ground.door.open()
        took = ground.wait_for(lambda: _ready(ground) == [200] * ground.plan.shards, "all shards to be ready again", 60)
        ground.notes.append(f"green {took:.0f} s after the end")


def _ready(ground: Ground) -> list[int]:
    return [ground.pipeline.page(shard, "/readyz")[0] for shard in range(ground.plan.shards)]


class Troubled(Fault):
    """Inserts go wrong for a minute."""

    troubles: ClassVar[tuple[Trouble, ...]]
    share: ClassVar[float] = 0.5

    def strike(self, ground: Ground) -> None:
        """Let inserts go wrong."""
        before = ground.door.troubled
        ground.door.behaviour = Behaviour(self.troubles, self.share)
        time.sleep(SECONDS)
        ground.door.open()
        troubled = ground.door.troubled - before
        ground.expect(troubled > 0, "no insert went wrong")
        ground.notes.append(f"{troubled:,} inserts went wrong")


class StoreSlow(Troubled):
    """Every insert takes 5 s."""

    name = "clickhouse-slow"
    sentence = "ClickHouse slow: 5 s a write, for 60 s"
    troubles = (Trouble.SLOW,)
    share = 1.0


class StoreErrors(Troubled):
    """Half of the inserts are answered with an error or by half."""

    name = "clickhouse-errors"
    sentence = "half of the inserts get a 500, TOO_MANY_PARTS or half an answer, for 60 s"
    troubles = (Trouble.ERROR, Trouble.TOO_MANY_PARTS, Trouble.HALF_AN_ANSWER)


class StoreCut(Troubled):
    """Half of the inserts are stored, and the connection is cut before the answer."""

    name = "clickhouse-cut"
    sentence = "the connection is cut after half of the inserts and before their answer, for 60 s"
    troubles = (Trouble.CUT_BEFORE_ANSWER,)
