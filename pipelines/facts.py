"""The declaration of a fact table: one row per event, for what must be joined and put in order later.

Where a rollup would lose what matters (the order of steps, the moment of a goal), the events themselves are kept, narrow: only
the columns that are asked for. A row is keyed by partition and stream offset, so writing it twice changes nothing.
"""

from dataclasses import dataclass

import pyarrow as pa

from pipelines.columns import Coded, Columns, Texts, integers
from pipelines.rows import TIMESTAMP, Rows


@dataclass(frozen=True, slots=True)
class Facts:
    """Which events are kept one by one, with which columns, in which table.

    Every row has `time`, `received_at` (the Kafka record's timestamp), `late`, `partition` and `offset` besides.

    Attributes:
        name: for people and for `tidegauge audit`.
        table: the ClickHouse table.
        columns: columns of the event and properties, in any order; unknown text is '', an unknown number NULL.
        events: names of the events that are kept; None for every event.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    events: tuple[str, ...] | None = None

    def rows(self, events: Columns) -> Rows:
        """Make the rows of some events: `columns`, partition, offset, time, record_time and late_block."""
        return Rows(
            self.table,
            pa.table(
                {
                    "time": pa.array(integers(events, "time")).cast(TIMESTAMP),
                    "received_at": pa.array(integers(events, "record_time")).cast(TIMESTAMP),
                    "late": pa.array(integers(events, "late_block") != 0),
                    "partition": pa.array(integers(events, "partition")).cast(pa.uint32()),
                    "offset": pa.array(integers(events, "offset")).cast(pa.uint64()),
                    **{name: _to_arrow(events, name) for name in self.columns},
                }
            ),
        )


def _to_arrow(events: Columns, name: str) -> pa.Array:
    column = events[name]
    return column.to_arrow() if isinstance(column, Coded | Texts) else pa.array(column, from_pandas=True)
