"""The chDB engine of this process: its directory, its limits, its access control, its connections.

chDB takes a server's configuration file, and with it a server's users. So the engine itself is told that its
one user may not read or write files, network addresses or other processes: the inner of the two walls, which
stands even where the outer one (`guard.py`) overlooks something.
"""

import fcntl
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

import chdb
from chdb.state.sqlitelike import connect

from local.clickhouse_endpoint.errors import ClickHouseError
from local.clickhouse_endpoint.merges import let_merges_yield

_GRANTS: Final = (
    "GRANT SELECT, INSERT, ALTER, CREATE, CREATE TEMPORARY TABLE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, SHOW, "
    "CHECK, KILL QUERY, dictGet ON *.*"
)
# Settings of a server, not of the embedded default: what a person writes here must mean the same over there.
_PROFILE: Final = {"async_insert": 0, "implicit_select": 0, "allow_python_table_function": 0}
# Settings that name a file or an address, or that change what SQL means: fixed at their defaults.
_FIXED_SETTINGS: Final = """
    allow_python_table_function allow_experimental_ai_functions allow_experimental_eval_table_function
    allow_introspection_functions dialect dynamic_disk_allow_from_env dynamic_disk_allow_include
    format_avro_schema_registry_url format_schema format_schema_source format_template_resultset
    format_template_row implicit_select input_format_record_errors_file_path url_base
"""

_CONFIGURATION: Final = """<clickhouse>
  <users_config>{users}</users_config>
  <max_server_memory_usage>{memory_bytes}</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <index_mark_cache_size>16777216</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>{threads}</background_pool_size>
  <access_control_improvements>
    <table_engines_require_grant>true</table_engines_require_grant>
  </access_control_improvements>
</clickhouse>
"""
_USERS: Final = """<clickhouse>
  <users><default>
    <password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
    <grants><query>{grants}</query><query>GRANT TABLE ENGINE ON MergeTree</query></grants>
  </default></users>
  <profiles><default>{settings}<constraints>{fixed}</constraints></default></profiles>
  <quotas><default></default></quotas>
</clickhouse>
"""


_ODD: Final = re.compile(r"[?&%#<>\"']")


class DirectoryInUseError(RuntimeError):
    """Another process owns the data directory; the text names it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement gave: the bytes of its answer and the engine's counters."""

    data: bytes = b""
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_seconds: float = 0.0


class Connection:
    """One connection: a current database, settings and temporary tables of its own; for one thread at a time."""

    def __init__(self, url: str) -> None:
        self._inner = connect(url)

    def query(self, sql: str, output_format: str = "TabSeparated", parameters: Mapping[str, str] = {}) -> Result:
        """Run one statement and return its whole answer in `output_format`."""
        try:
            answer = self._inner.query(sql, output_format, params=dict(parameters))
        except (RuntimeError, chdb.ChdbError) as error:
            raise ClickHouseError.from_engine(str(error)) from None
        return Result(
            bytes(answer.bytes() or b""),
            read_rows=answer.storage_rows_read(),
            read_bytes=answer.storage_bytes_read(),
            written_rows=answer.rows_written(),
            written_bytes=answer.bytes_written(),
            elapsed_seconds=answer.elapsed(),
        )

    def insert(self, head: str, input_format: str, data: bytes) -> Result:
        """Insert `data`, which the engine parses as `input_format` and never as SQL."""
        try:
            with self._inner.send_insert(head, input_format) as stream:
                stream.append(data)
                done = stream.finish()
        except RuntimeError as error:
            raise ClickHouseError.from_engine(str(error)) from None
        return Result(written_rows=done.rows_written, written_bytes=done.bytes_written, elapsed_seconds=done.elapsed)

    def classify(self, sql: str) -> tuple[int, bool]:
        """Let the engine's own parser count the statements in `sql` and say whether all of them only read."""
        # Not in the public wrapper of this version.
        report: dict[str, Any] = self._inner._conn.classify_query(sql)
        return int(report["statement_count"]), report["query_class"].name == "READ_ONLY"

    def close(self) -> None:
        """Give the connection back to the engine, with its temporary tables."""
        self._inner.close()


class Engine:
    """The engine on `directory`; a process can have one, and a directory one process.

    Raises DirectoryInUseError when another process owns the directory. `memory_bytes` bounds what all queries
    together may take, `threads` what one of them may use.
    """

    def __init__(self, directory: Path, *, memory_bytes: int, threads: int) -> None:
        directory = directory.resolve()
        if _ODD.search(str(directory)):
            raise ValueError(f"the data directory {directory} has a sign in its path that chDB cannot read; rename it")
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock(directory / "lock")
        configuration = _write_configuration(directory, memory_bytes, threads)
        self._url = f"{directory / 'engine'}?config-file={configuration}"
        # The engine lives as long as it has a connection.
        self._keeper = Connection(self._url)
        _use_plain_default_database(self._keeper, directory / "engine")
        _let_merges_yield(self._keeper)

    @property
    def version(self) -> str:
        """The version that `SELECT version()` answers."""
        return self._keeper.query("SELECT version()").data.decode().strip()

    def table_functions(self) -> Sequence[str]:
        """Return the names of all table functions that this engine has."""
        return self._keeper.query("SELECT name FROM system.table_functions").data.decode().split()

    def connect(self) -> Connection:
        """Open a connection (about 0.2 ms)."""
        return Connection(self._url)

    def close(self) -> None:
        """Close the engine; connections must have been closed before."""
        self._keeper.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _let_merges_yield(connection: Connection) -> None:
    """Lower the priority of merges, whose threads begin with the first table that needs them."""
    connection.query("CREATE TEMPORARY TABLE first (a UInt8) ENGINE = MergeTree ORDER BY a")
    connection.query("DROP TEMPORARY TABLE first")
    let_merges_yield()


def _lock(path: Path) -> IO[str]:
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        file.close()
        raise DirectoryInUseError(
            f"the data directory {path.parent} is in use by process {owner}; stop that one, or name another directory"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _write_configuration(directory: Path, memory_bytes: int, threads: int) -> Path:
    users = directory / "users.xml"
    settings = _PROFILE | {"max_threads": threads}
    users.write_text(
        _USERS.format(
            grants=_GRANTS,
            settings="".join(f"<{name}>{value}</{name}>" for name, value in settings.items()),
            fixed="".join(f"<{name}><const/></{name}>" for name in _FIXED_SETTINGS.split()),
        )
    )
    configuration = directory / "config.xml"
    configuration.write_text(_CONFIGURATION.format(users=users, memory_bytes=memory_bytes, threads=threads))
    return configuration


def _use_plain_default_database(connection: Connection, path: Path) -> None:
    """Replace the embedded `default`, where an unknown table name means a file, by a server's.

    The embedded one is laid over the stored one at every start; detaching it loses nothing. A stored one that
    never held a table (no link to its tables yet) cannot be attached again, and is made anew.
    """
    metadata = path / "metadata"
    connection.query("DETACH DATABASE default")
    if (metadata / "default").is_symlink():
        connection.query("ATTACH DATABASE default")
        return
    (metadata / "default.sql").unlink(missing_ok=True)
    connection.query("CREATE DATABASE default ENGINE = Atomic")
