"""A door in front of the ClickHouse endpoint: passes requests on, and fails on inserts in the ways that servers do."""

import threading
from collections import deque
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from chaos.door import passed_on

CUT = b""
"""An answer that never comes: the connection is cut."""


def failure(code: int, status: int = 500) -> bytes:
    """Write ClickHouse's answer to a statement that failed."""
    text = f"Code: {code}. DB::Exception: as scripted".encode()
    head = f"HTTP/1.1 {status} No\r\nX-ClickHouse-Exception-Code: {code}\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


class Door:
    """Serves while it is entered.

    Attributes:
        inserts: the table of every insert that was asked for, whatever was answered.
        script: what the next inserts are answered; they are passed on when it is empty.
        stored: the next inserts are passed on and then answered from the script: stored, and not acknowledged.
        meeting: where each insert waits for others that are under way at the same time, if it is set.
    """

    def __init__(self, url: str) -> None:
        self.inserts: list[str] = []
        self.script: deque[bytes] = deque()
        self.stored = False
        self.away = threading.Event()
        self.meeting: threading.Barrier | None = None
        server = urlsplit(url).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                pass

            def do_GET(handler) -> None:  # noqa: N805 - the door is `self`
                self._answer(handler, server)

            do_POST = do_GET  # noqa: N815 - so are handlers named

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler, server: str) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        statement = "".join(parse_qs(urlsplit(handler.path).query).get("query", [])) or body[:200].decode("latin-1")
        is_insert = statement.lstrip().upper().startswith("INSERT")
        if is_insert:
            self.inserts.append(statement.split()[2].split(".")[-1].strip("`"))
        if is_insert and self.meeting is not None:
            with suppress(threading.BrokenBarrierError):
                self.meeting.wait()
        scripted = self.script.popleft() if is_insert and self.script else None
        if self.away.is_set():
            scripted = CUT
        answer = passed_on(handler, server, body) if scripted is None or self.stored else b""
        handler.wfile.write(answer if scripted is None else scripted)
        handler.close_connection = scripted is not None
