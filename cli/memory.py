"""How a shard's process handles memory: many short-lived objects, in no cycles, made by several threads."""

import ctypes
import gc

import pyarrow as pa

M_TRIM_THRESHOLD, M_ARENA_MAX = -1, -8
"""Of glibc's malloc.h."""
ARENAS, KEPT_BYTES = 2, 8 << 20


def tame_memory() -> None:
    """Look for cycles seldom, and give memory back to the system."""
    # Decoding makes hundreds of thousands of objects a second, none of them in cycles: looking for cycles among
    # them every 700 allocations would cost a tenth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 50)
    # Arrow's own pool keeps some forty megabytes for what it holds for a moment.
    pa.set_memory_pool(pa.system_memory_pool())
    # Each thread of the Kafka client would get an arena of its own, and what a backlog took at its largest would be kept.
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_ARENA_MAX, ARENAS)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
