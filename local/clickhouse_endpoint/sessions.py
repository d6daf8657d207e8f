"""Connections for requests: a fresh one for a request without session, a kept one for each `session_id`."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from local.clickhouse_endpoint.engine import Connection, Engine
from local.clickhouse_endpoint.errors import ClickHouseError
from local.clickhouse_endpoint.request import Request

_MAX_SESSIONS: Final = 1000


@dataclass(slots=True)
class _Session:
    """A kept connection; `before` holds the values of the settings that the last request replaced."""

    connection: Connection
    expires_at: float = 0.0
    before: dict[str, str] = field(default_factory=dict)
    busy: threading.Lock = field(default_factory=threading.Lock)


class Sessions:
    """All sessions of one engine. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions: dict[str, _Session] = {}
        self._guard = threading.Lock()

    @contextmanager
    def connection(self, request: Request) -> Iterator[Connection]:
        """Lend the connection for `request`, with its database and its settings applied.

        Raises ClickHouseError: 373 SESSION_IS_LOCKED when another request uses the session now, 372
        SESSION_NOT_FOUND when `session_check` asks for one that is not there, 115 for an unknown setting.
        """
        if request.session_id is None:
            connection = self._engine.connect()
            try:
                _apply(connection, request.database or "default", request.settings)
                yield connection
            finally:
                connection.close()
            return
        session = self._take(request)
        try:
            _restore(session, request)
            yield session.connection
        finally:
            session.expires_at = time.monotonic() + request.session_timeout
            session.busy.release()

    def close(self) -> None:
        """Close all sessions; no request may be running."""
        with self._guard:
            for session in self._sessions.values():
                session.connection.close()
            self._sessions.clear()

    def _take(self, request: Request) -> _Session:
        name = request.session_id or ""
        with self._guard:
            self._close_expired()
            session = self._sessions.get(name)
            if session is None:
                session = self._open(name, request)
            if not session.busy.acquire(blocking=False):
                raise ClickHouseError(373, "SESSION_IS_LOCKED", f"Session {name} is used by another request")
            return session

    def _open(self, name: str, request: Request) -> _Session:
        if request.session_check:
            raise ClickHouseError(372, "SESSION_NOT_FOUND", f"Session {name} not found")
        if len(self._sessions) >= _MAX_SESSIONS:
            raise ClickHouseError(202, "TOO_MANY_SIMULTANEOUS_QUERIES", f"More than {_MAX_SESSIONS} sessions", 503)
        session = self._sessions[name] = _Session(self._engine.connect())
        return session

    def _close_expired(self) -> None:
        now = time.monotonic()
        for name, session in list(self._sessions.items()):
            if session.expires_at < now and session.busy.acquire(blocking=False):
                session.connection.close()
                del self._sessions[name]


def _restore(session: _Session, request: Request) -> None:
    """Apply the settings of this request, and put back what those of the last one replaced."""
    gone = {name: value for name, value in session.before.items() if name not in request.settings}
    new = [name for name in request.settings if name not in session.before]
    values = {name: _setting(session.connection, name) for name in new}
    _apply(session.connection, request.database, {**gone, **request.settings})
    session.before = {**values, **{name: value for name, value in session.before.items() if name not in gone}}


def _setting(connection: Connection, name: str) -> str:
    found = connection.query(
        "SELECT value FROM system.settings WHERE name = {name:String}", "TabSeparatedRaw", {"name": name}
    )
    if not found.data:
        raise ClickHouseError(115, "UNKNOWN_SETTING", f"Unknown setting '{name}'")
    return found.data.decode().rstrip("\n")


def _apply(connection: Connection, database: str | None, settings: Mapping[str, str]) -> None:
    if database is not None:
        connection.query("USE `" + database.replace("\\", "\\\\").replace("`", "\\`") + "`")
    if settings:
        connection.query("SET " + ", ".join(f"{name} = {_literal(value)}" for name, value in settings.items()))


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
