"""What a statement becomes on a ClickHouse cluster, so that the SQL files speak of one server and serve both.

A table of figures (`…_rows`) is split over the cluster's shards by the Kafka partition: `…_rows_local` on every node,
replicated within its shard, and in front of them, under the table's own name, a Distributed table that everybody reads and
writes. The partition is part of every row's key, so all versions of a row lie on one shard, and FINAL, which each shard does for
itself, is right. Every other table is small and asked for on every node: it is replicated to all of them, whole.
docs/decisions/0009 says why.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

CLUSTER_NAME: Final = r"^([A-Za-z_{][A-Za-z0-9_.{}-]*)?$"
"""Names of clusters that can be set; `{cluster}` means the servers' own macro."""
SHARDING_KEY: Final = "partition"
SPLIT: Final = "_rows"
"""End of the names of tables that are split over the shards."""
LOCAL: Final = "_local"
"""What the part of a split table on one node is called beyond the table's name."""
CLUSTER_SETTINGS: Final[Mapping[str, Any]] = {
    # The answer to an insert must mean that the rows are stored on their shard, and on most of its replicas.
    "distributed_foreground_insert": 1,
    "insert_quorum": "auto",
    # A view that joins two split tables asks every shard for both and joins once; by itself the server refuses it.
    "distributed_product_mode": "global",
    # A shard that does not answer makes a query fail: figures that lack a shard look like figures.
    "skip_unavailable_shards": 0,
    # Erasures are waited for on every node, however long they take.
    "distributed_ddl_task_timeout": 3600,
}
"""What every connection to a cluster sets; the profiles of people who ask need `distributed_product_mode` too."""

_HEAD: Final = r"^(?P<head>(?:\s|--[^\n]*\n)*)"
_TABLE: Final = re.compile(_HEAD + r"CREATE TABLE IF NOT EXISTS (?P<name>\w+)(?P<rest>\s.*)$", re.DOTALL)
_ALTER: Final = re.compile(_HEAD + r"ALTER TABLE (?P<name>\w+)(?P<rest>\s.*)$", re.DOTALL)
_NAMED: Final = re.compile(
    _HEAD
    + r"(?P<kind>CREATE DATABASE IF NOT EXISTS|CREATE OR REPLACE VIEW|CREATE OR REPLACE FUNCTION) (?P<name>\w+)(?P<rest>.*)$",
    re.DOTALL,
)
_ENGINE: Final = re.compile(r"\bENGINE = (?P<kind>\w*MergeTree)(?:\((?P<arguments>[^()]*)\))?")
_ORDER: Final = re.compile(r"\bORDER BY (\([^()]*\)|\w+)")
_COLUMNS: Final = re.compile(r"\b(ADD|DROP|MODIFY|RENAME|COMMENT|CLEAR) COLUMN\b")
_CHANGES: Final = re.compile(_HEAD + r"(CREATE|ALTER|DROP|RENAME|EXCHANGE|TRUNCATE|ATTACH|DETACH)\b")


class ClusterError(Exception):
    """It is not known what this statement would have to be on a cluster; the message shows its beginning."""


def on_cluster(statement: str, cluster: str) -> list[str]:
    """Return what is to be run, one after the other, in place of a statement that was written for one server.

    Statements that neither make nor change anything (SELECT, INSERT) stay as they are.

    Raises:
        ClusterError: it makes or changes something in a way that is not known here.
    """
    if match := _TABLE.match(statement):
        return _made(match, cluster)
    if match := _ALTER.match(statement):
        return _altered(match, cluster)
    if match := _NAMED.match(statement):
        return [f"{match['head']}{match['kind']} {match['name']} ON CLUSTER '{cluster}'{match['rest']}"]
    if _CHANGES.match(statement):
        raise ClusterError(f"not known how to do this on a cluster: {statement.strip()[:200]}")
    return [statement]


def table_name(name: str) -> str:
    """Return the name that everybody uses of a table, for its name on a node."""
    return name.removesuffix(LOCAL) if name.endswith(SPLIT + LOCAL) else name


def _made(match: re.Match[str], cluster: str) -> list[str]:
    name, head, definition = match["name"], match["head"], match["rest"]
    order = _ORDER.search(definition)
    by_partition = order is not None and SHARDING_KEY in re.findall(r"\w+", order[1])
    if by_partition != name.endswith(SPLIT):
        raise ClusterError(
            f"{name}: a table is named …{SPLIT} if, and only if, {SHARDING_KEY} is in its ORDER BY: it is then split by it"
        )
    if not by_partition:
        whole = _replicated(definition, "/clickhouse/tables/{database}/all/{table}", "{shard}-{replica}")
        return [f"{head}CREATE TABLE IF NOT EXISTS {name} ON CLUSTER '{cluster}'{whole}"]
    local = _replicated(definition, "/clickhouse/tables/{database}/{shard}/{table}", "{replica}")
    front = f"Distributed('{cluster}', currentDatabase(), '{name}{LOCAL}', {SHARDING_KEY})"
    return [
        f"{head}CREATE TABLE IF NOT EXISTS {name}{LOCAL} ON CLUSTER '{cluster}'{local}",
        f"CREATE TABLE IF NOT EXISTS {name} ON CLUSTER '{cluster}' AS {name}{LOCAL}\nENGINE = {front}",
    ]


def _replicated(definition: str, path: str, replica: str) -> str:
    def engine(match: re.Match[str]) -> str:
        arguments = [f"'{path}'", f"'{replica}'", *([match["arguments"]] if match["arguments"] else [])]
        return f"ENGINE = Replicated{match['kind']}({', '.join(arguments)})"

    changed, found = _ENGINE.subn(engine, definition)
    if found != 1:
        raise ClusterError(f"not known how to replicate this table: {definition.strip()[-200:]}")
    return changed


def _altered(match: re.Match[str], cluster: str) -> list[str]:
    name, head, change = match["name"], match["head"], match["rest"]
    if not name.endswith(SPLIT):
        # Replication takes it to every node; several nodes that do it at once would be in each other's way.
        return [match[0]]
    statements = [f"{head}ALTER TABLE {name}{LOCAL} ON CLUSTER '{cluster}'{change}"]
    if _COLUMNS.search(change):
        statements.append(f"ALTER TABLE {name} ON CLUSTER '{cluster}'{change}")
    return statements
