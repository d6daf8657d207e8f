"""Does it add up? The ledger: what became of every Kafka record, by minute of its Kafka timestamp and partition.

received = counted + duplicate + rejected + late, on every row. The rows are blocks of offsets (late_block), since the
minutes of a replayed topic come in no order.
"""

from datetime import timedelta

from pipelines.rollup import Rollup, count, equals

LEDGER = Rollup(
    name="ledger",
    table="ledger_rows",
    dimensions=(),
    measures={
        "received": count(),
        "counted": count(where=equals("verdict", "counted")),
        "duplicate": count(where=equals("verdict", "duplicate")),
        "rejected": count(where=equals("verdict", "rejected")),
        "late": count(where=equals("verdict", "late")),
    },
    window=timedelta(minutes=1),
    over="records",
)
