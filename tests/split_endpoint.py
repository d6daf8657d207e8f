"""`python -m tests.split_endpoint …`: the ClickHouse endpoint, whose engine knows a cluster of two shards, both of them itself.

Both shards have the same tables. A reader makes them two by SPLIT: each then sees the rows that the sharding key gives to it. So
the engine plans, splits and merges its queries as on a cluster. What is not there is the network, Keeper and the copies.
"""

import sys

from local.clickhouse_endpoint import engine, guard
from local.clickhouse_endpoint.__main__ import main

CLUSTER = "tide"
_SHARD = "<shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard>"


def split(tables: list[str]) -> dict[str, str]:
    """Return the setting of a connection that shows each of two shards its own rows of these tables (database.table)."""
    filters = ", ".join(f"'{table}': 'partition % 2 = shardNum() - 1'" for table in tables)
    return {"additional_table_filters": f"{{{filters}}}"}


if __name__ == "__main__":
    servers = f"<remote_servers><{CLUSTER}>{_SHARD}{_SHARD}</{CLUSTER}></remote_servers>"
    end = "</clickhouse>"
    engine._CONFIGURATION = engine._CONFIGURATION.replace(end, f"<tcp_port>9000</tcp_port>{servers}{end}")  # type: ignore[misc]
    guard.SAFE_ENGINES |= {"distributed"}  # type: ignore[misc]
    engine._USERS = engine._USERS.replace(  # type: ignore[misc]
        "<query>GRANT TABLE ENGINE ON MergeTree</query>",
        "<query>GRANT TABLE ENGINE ON MergeTree, TABLE ENGINE ON Distributed, REMOTE ON *.*</query>",
    )
    sys.exit(main())
