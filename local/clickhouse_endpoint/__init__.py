"""The ClickHouse HTTP interface in front of chDB, so that clients of a ClickHouse server work unchanged.

Run it with `python -m local.clickhouse_endpoint --data DIR --port PORT`. It listens on loopback only.
"""
