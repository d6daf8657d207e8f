"""A door between the pipeline and ClickHouse that fails in the ways that servers and networks do, on command."""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import Enum, auto
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

_HOP: Final = ("transfer-encoding", "content-length", "connection")
_TIMEOUT_SECONDS: Final = 60


class Trouble(Enum):
    """How one insert goes wrong."""

    AWAY = auto()
    """The connection is cut before anything is stored."""
    ERROR = auto()
    """500 without a word of ClickHouse's."""
    TOO_MANY_PARTS = auto()
    """ClickHouse's error 252."""
    HALF_AN_ANSWER = auto()
    """Stored, and the connection is cut in the middle of the answer."""
    CUT_BEFORE_ANSWER = auto()
    """Stored, and the connection is cut before the answer."""
    SLOW = auto()
    """Stored after some seconds."""


STORED: Final = frozenset({Trouble.HALF_AN_ANSWER, Trouble.CUT_BEFORE_ANSWER})


def _refusal(code: int, text: str) -> bytes:
    """Write the answer to a statement that failed; ClickHouse's own errors have a code."""
    named = f"X-ClickHouse-Exception-Code: {code}\r\n" if code else ""
    head = f"HTTP/1.1 500 Internal Server Error\r\n{named}Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    return (head + text).encode()


_REFUSALS: Final[Mapping[Trouble, bytes]] = {
    Trouble.AWAY: b"",
    Trouble.ERROR: _refusal(0, "something went wrong"),
    Trouble.TOO_MANY_PARTS: _refusal(252, "Code: 252. DB::Exception: Too many parts (TOO_MANY_PARTS)"),
}


@dataclass(slots=True)
class Behaviour:
    """What the door does to inserts now.

    Attributes:
        troubles: one of these happens to an insert, chosen at random.
        share: of the inserts that it happens to.
        away: nothing at all gets through, reads neither.
        slow_seconds: how slow `SLOW` is.
        asked: called when anything comes, before it is passed on.
        before, after: called when an insert comes, and when it is stored and not answered yet; an OSError cuts the connection.
    """

    troubles: tuple[Trouble, ...] = ()
    share: float = 1.0
    away: bool = False
    slow_seconds: float = 5.0
    asked: Callable[[], None] = lambda: None
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None


class _QuietServer(ThreadingHTTPServer):
    """A server for which a client that is gone, as a killed one is, is nothing to tell of."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Door:
    """Serves on loopback while it is entered.

    Attributes:
        behaviour: replace it to make trouble, and again to end it.
        inserts: how many have come.
        troubled: how many of them went wrong.
    """

    def __init__(self, url: str, seed: int) -> None:
        """Stand before the server at `url`."""
        self.behaviour = Behaviour()
        self.inserts = self.troubled = 0
        self._random = Random(seed)
        self._lock = threading.Lock()
        server = urlsplit(url).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = _TIMEOUT_SECONDS

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

            def do_GET(handler) -> None:  # noqa: N805 - the door is `self`
                """Answer."""
                self._answer(handler, server)

            do_POST = do_GET  # noqa: N815 - so are handlers named

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="door", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def open(self) -> None:
        """Let everything through again."""
        self.behaviour = Behaviour()

    def _answer(self, handler: BaseHTTPRequestHandler, server: str) -> None:
        behaviour = self.behaviour
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        inserting = _statement(handler.path, body).upper().startswith("INSERT")
        with self._lock:
            self.inserts += inserting
            trouble = self._trouble(behaviour) if inserting else None
            self.troubled += trouble is not None
        behaviour.asked()
        try:
            if inserting:
                behaviour.before()
            answer = self._made(handler, server, body, Trouble.AWAY if behaviour.away else trouble, behaviour)
            if inserting:
                behaviour.after()
            handler.wfile.write(answer)
        except (OSError, HTTPException):
            # Either side may be gone: that is what this is for.
            handler.close_connection = True

    def _trouble(self, behaviour: Behaviour) -> Trouble | None:
        if not behaviour.troubles or self._random.random() >= behaviour.share:
            return None
        return self._random.choice(behaviour.troubles)

    def _made(
        self,
        handler: BaseHTTPRequestHandler,
        server: str,
        body: bytes,
        trouble: Trouble | None,
        behaviour: Behaviour,
    ) -> bytes:
        """Pass a request on, or not, and make the answer."""
        if trouble is not None and trouble in _REFUSALS:
            handler.close_connection = True
            return _REFUSALS[trouble]
        if trouble is Trouble.SLOW:
            time.sleep(behaviour.slow_seconds)
        answer = passed_on(handler, server, body)
        if trouble in STORED:
            handler.close_connection = True
            return answer[: len(answer) // 2] if trouble is Trouble.HALF_AN_ANSWER else b""
        return answer


def _statement(path: str, body: bytes) -> str:
    asked = parse_qs(urlsplit(path).query).get("query", [])
    return ("".join(asked) or body[:200].decode("latin-1")).lstrip()


def passed_on(handler: BaseHTTPRequestHandler, server: str, body: bytes) -> bytes:
    """Ask a server (host:port) what was asked here, and give its whole answer, head and body."""
    kept = {name: value for name, value in handler.headers.items() if name.lower() not in ("host", "connection")}
    with closing(HTTPConnection(server, timeout=_TIMEOUT_SECONDS)) as connection:
        connection.request(handler.command, handler.path, body, kept)
        answer = connection.getresponse()
        content = answer.read()
    named = [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in _HOP]
    head = [f"HTTP/1.1 {answer.status} {answer.reason}", *named, f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(head).encode("latin-1") + content
