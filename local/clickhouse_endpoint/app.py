"""The ASGI application: HTTP in, HTTP out, the work in threads because the engine leaves the interpreter free."""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from local.clickhouse_endpoint.errors import ClickHouseError
from local.clickhouse_endpoint.execute import Executor, Reply, error_reply
from local.clickhouse_endpoint.request import check_sender, check_size, read_request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_MAX_PARALLEL_REQUESTS: Final = 16
# Some values come from the request; a line break in one would begin a header of its own.
_UNSAFE: Final = re.compile(r"[^\x20-\x7e]")
_OK: Final = Reply(200, b"Ok.\n", {"Content-Type": "text/html; charset=UTF-8"})


class _ClientGoneError(Exception):
    """The client went away before its request was complete; nothing of it was run."""


class App:
    """ClickHouse's HTTP interface on one executor: `/` for statements, `/ping` for probes."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._threads = ThreadPoolExecutor(_MAX_PARALLEL_REQUESTS, "statement")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            reply = await self._reply(scope, receive)
        except ClickHouseError as error:
            reply = error_reply(error)
        except _ClientGoneError:
            return
        headers = {**reply.headers, "Content-Length": str(len(reply.body))}
        encoded = [(name.encode(), _UNSAFE.sub("?", value).encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
        await send({"type": "http.response.body", "body": reply.body})

    def close(self) -> None:
        """Wait for the running statements and close their sessions."""
        self._threads.shutdown()
        self._executor.close()

    async def _reply(self, scope: Scope, receive: Receive) -> Reply:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        check_sender(headers)
        method, path, query_string = scope["method"], scope["path"], scope["query_string"]
        if path in ("/ping", "/replicas_status") or (path == "/" and method in ("GET", "HEAD") and not query_string):
            return _OK
        if path != "/" or method not in ("GET", "POST"):
            return Reply(404, f"There is no {method} {path} here; statements go to /\n".encode())
        body = await _body(receive)
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: self._executor.run(read_request(method, query_string, headers, body))
        )


async def _body(receive: Receive) -> bytes:
    """Read the whole body first: a client that dies half-way leaves nothing behind in a table."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGoneError
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        check_size(size)
        if not message.get("more_body", False):
            return b"".join(chunks)
