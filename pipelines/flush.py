"""What one step of the pipeline hands to the sinks."""

from dataclasses import dataclass, field

from pipelines.columns import Columns
from pipelines.dead_letters import DeadLetter
from pipelines.rows import Rows


@dataclass(frozen=True, slots=True)
class Flush:
    """Rows to write, dead letters to send, and what the exporter shows.

    Attributes:
        rows: at most one entry a table.
        dead_letters: the rejected records.
        accepted: columns of the counted and late events.
        verdicts: how many records got which verdict.
        received: how many records the step read.
        newest_ms: time of its newest event, ms; None where there was none.
        probes: target -> how many probes, and how many were answered.
    """

    rows: list[Rows] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    accepted: Columns = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    received: int = 0
    newest_ms: int | None = None
    probes: dict[str, tuple[int, int]] = field(default_factory=dict)
