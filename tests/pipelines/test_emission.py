"""How often a rollup's rows are written: no later than `emit_every` where steps allow it, and no oftener than that asks for."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ledger import LEDGER
from pipelines.microbatch import MicroBatch
from pipelines.shard import Shard, ShardConfig
from tests.pipelines.streams import GOOD, value_of

START = 1_795_000_000_000
STEPS = 40


@settings(max_examples=30, deadline=None)
@given(period=st.floats(0.05, 3.0))
def test_rows_wait_as_long_as_they_may_and_no_longer(period: float) -> None:
    """With steps of 0.7 s and `emit_every` of 1 s, every step writes: at the next one a row would have waited 1.4 s."""
    may_wait = LEDGER.emit_every.total_seconds()
    with TemporaryDirectory() as folder:
        shard = Shard(ShardConfig(Path(folder)), (LEDGER,), ())
        moments = [number * period for number in range(1, STEPS + 1)]
        written = [moment for number, moment in enumerate(moments) if _writes_ledger(shard, number, moment)]
    assert len(written) >= 2
    for before, after in pairwise(written):
        assert after - before <= max(period, may_wait) + 1e-9
        assert after - before + period > may_wait - 1e-9


def _writes_ledger(shard: Shard, number: int, moment: float) -> bool:
    batch = MicroBatch(
        partition=0,
        offsets=np.array([number]),
        record_times=np.array([START + number]),
        values=[value_of(GOOD[0], f"m-{number}", START + number)],
    )
    return any(rows.table == LEDGER.table for rows in shard.step([batch], moment).rows)
