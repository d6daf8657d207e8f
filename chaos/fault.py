"""What a fault is: what it breaks, how often, and what must hold besides that every figure equals the recount."""

from collections.abc import Mapping
from typing import ClassVar

from chaos.ground import Ground
from chaos.plan import ChaosPlan
from local.producer import Record


class Fault:
    """One way for things to go wrong. A run cuts the stream into slices and strikes once in each.

    Attributes:
        name: by which it is chosen.
        sentence: what happens, for people.
        times: how often it strikes in a run.
        needs_own_broker: it stops or changes the broker, which is done only to one of the run's own.
        needs_kafka: it needs what only Apache Kafka does.
        needs_mount: it needs the right to mount a file system.
        settings: of the pipeline.
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    times: ClassVar[int] = 1
    needs_own_broker: ClassVar[bool] = False
    needs_kafka: ClassVar[bool] = False
    needs_mount: ClassVar[bool] = False
    settings: ClassVar[Mapping[str, str]] = {}

    def planned(self, plan: ChaosPlan) -> ChaosPlan:
        """Change how the run is made, before it is."""
        return plan

    def spoiled(self, records: list[Record], plan: ChaosPlan) -> list[Record]:
        """Change what is sent."""
        return records

    def prepare(self, ground: Ground) -> None:
        """Do what comes before the pipeline's first start: the tables are made."""
        ground.run("migrate")

    def strike(self, ground: Ground) -> None:
        """Break something, while the stream flows, and end it: when this returns, the pipeline may recover."""

    def verify(self, ground: Ground) -> None:
        """Look whether what was promised besides the figures holds; the pipeline still runs. Problems go to the ground."""
