"""The door to ClickHouse: Arrow inserts that are acknowledged, and statements.

The only file that imports clickhouse-connect.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.exceptions import ClickHouseError

from sinks.cluster import CLUSTER_SETTINGS, on_cluster

# The library logs every failed request itself; here each becomes an exception that says more.
logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
logging.getLogger("clickhouse_connect").propagate = False

WRITE_SETTINGS: Mapping[str, Any] = {
    # The answer must mean that the rows are stored: the default of async_insert differs between versions.
    "async_insert": 0,
    "wait_end_of_query": 1,
}
NO_SETTINGS: Mapping[str, Any] = {}
PASSING_CODES = frozenset(
    {3, 159, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 286, 289, 319, 425, 439, 473, 999}
)
"""Errors of ClickHouse that pass by themselves: overload, memory, too many parts, network, read-only, Keeper, start-up."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How an https address is trusted: the server's certificate and its name are always checked.

    Attributes:
        ca_file: certificates (PEM) that vouch for the server; None means those of well-known authorities.
        cert_file: our own certificate (PEM), where the server asks for one. Without a password it is also who we are.
        key_file: its private key (PEM).
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


NO_TLS = Tls()
"""Nothing beyond what the address says."""


class StoreAwayError(Exception):
    """ClickHouse cannot be reached or cannot take rows right now; trying again later may help."""


class StoreRefusedError(Exception):
    """ClickHouse refuses the statement; trying again will not help."""


class ClickHouse:
    """One connection to a ClickHouse server's HTTP interface."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        database: str,
        *,
        timeout: int = 60,
        server_settings: Mapping[str, Any] = NO_SETTINGS,
        tls: Tls = NO_TLS,
        cluster: str = "",
    ) -> None:
        """Remember where; the connection is made on first use, so that a start need not wait for the server.

        Args:
            url: of the HTTP interface.
            user: name to log in with.
            password: its password.
            database: that statements without a database mean.
            timeout: seconds that one statement may take.
            server_settings: of ClickHouse, for every statement.
            tls: for an https address.
            cluster: that tables are made on and changed on; empty for a single server.
        """
        self._timeout, self._tls, self._cluster = timeout, tls, cluster
        self._settings = {**(CLUSTER_SETTINGS if cluster else NO_SETTINGS), **server_settings}
        self._url = urlsplit(url)
        self._user, self._password, self._database = user, password, database
        self._client: Any = None

    @property
    def database(self) -> str:
        """Name of the database."""
        return self._database

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows and wait until they are stored.

        Raises:
            StoreAwayError: not stored, or not known to be stored; inserting the same rows again is right.
            StoreRefusedError: the table does not take such rows.
        """
        self._call(lambda client: client.insert_arrow(table, rows, settings=dict(WRITE_SETTINGS)))

    def command(self, statement: str) -> Any:
        """Run one statement that gives at most one value; in a cluster one that makes or changes a table does so on all of it."""
        statements = on_cluster(statement, self._cluster) if self._cluster else [statement]
        return [self._call(methodcaller("command", each)) for each in statements][-1]

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query and give its rows."""
        rows: list[tuple[Any, ...]] = self._call(
            lambda client: client.query(statement, parameters=parameters).result_rows
        )
        return rows

    def table(
        self, statement: str, parameters: Mapping[str, Any] | None = None
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Run a query that may not write and give column names and rows."""

        def ask(client: Any) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
            answer = client.query(statement, parameters=parameters, settings={"readonly": 1})
            return tuple(answer.column_names), answer.result_rows

        answer: tuple[tuple[str, ...], list[tuple[Any, ...]]] = self._call(ask)
        return answer

    def text(self, statement: str, output_format: str) -> str:
        """Run a query that may not write and give its answer in one of ClickHouse's formats."""
        raw: bytes = self._call(lambda client: client.raw_query(statement, fmt=output_format, settings={"readonly": 1}))
        return raw.decode(errors="replace")

    def close(self) -> None:
        """Drop the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _call(self, action: Any) -> Any:
        try:
            return action(self._connected())
        except ClickHouseError as error:
            self.close()
            if _passes(error):
                raise StoreAwayError(f"{self._url.netloc}: {_first_line(error)}") from error
            raise StoreRefusedError(_first_line(error)) from error
        except OSError as error:
            self.close()
            raise StoreAwayError(f"{self._url.netloc}: {error}") from error

    def _connected(self) -> Any:
        if self._client is None:
            self._client = clickhouse_connect.get_client(
                host=self._url.hostname or "127.0.0.1",
                port=self._url.port or (8443 if self._url.scheme == "https" else 8123),
                secure=self._url.scheme == "https",
                username=self._user,
                password=self._password,
                database=self._database,
                compress=False,
                autogenerate_session_id=False,
                connect_timeout=5,
                send_receive_timeout=self._timeout,
                settings=self._settings,
                **self._tls_options(),
            )
        return self._client

    def _tls_options(self) -> dict[str, Any]:
        if self._url.scheme != "https":
            return {}
        found = {
            "ca_cert": self._tls.ca_file,
            "client_cert": self._tls.cert_file,
            "client_cert_key": self._tls.key_file,
            # With a password the certificate only opens the connection; without one it is who we are.
            "tls_mode": "strict" if self._tls.cert_file and self._password else None,
        }
        return {"verify": True, **{name: str(value) for name, value in found.items() if value is not None}}


def _passes(error: ClickHouseError) -> bool:
    code = getattr(error, "code", None)
    # Without a code the server did not answer, or not to the end.
    return code is None or code in PASSING_CODES


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:500]
