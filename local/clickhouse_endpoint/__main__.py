"""`python -m local.clickhouse_endpoint --data DIR --port PORT`: serve until SIGTERM or SIGINT.

Prints one line, `listening 127.0.0.1:PORT`, when it answers. PORT 0 takes a free one.
"""

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import uvicorn

from local.clickhouse_endpoint.app import App
from local.clickhouse_endpoint.engine import DirectoryInUseError, Engine
from local.clickhouse_endpoint.execute import Executor
from local.ports import PortTakenError, check_free

_HOST: Final = "127.0.0.1"
_MEBIBYTE: Final = 1024 * 1024


class _Server(uvicorn.Server):
    """A server that says when it listens, and for which a signal is a wish to end and not an error."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            print(f"listening {_HOST}:{listener.getsockname()[1]}", flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        yield

    def _end(self) -> None:
        self.should_exit = True


def main(arguments: list[str] | None = None) -> int:
    """Serve; return the exit code: 0 after a signal, 1 with a sentence on stderr if it cannot start."""
    options = _options(arguments)
    try:
        listener = _listen(options.port)
        engine = Engine(options.data, memory_bytes=options.memory_mib * _MEBIBYTE, threads=options.threads)
    except (DirectoryInUseError, PortTakenError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    with engine, contextlib.closing(App(Executor(engine))) as app:
        configuration = uvicorn.Config(
            app, lifespan="off", log_level="warning", access_log=False, ws="none", timeout_graceful_shutdown=10
        )
        asyncio.run(_Server(configuration).serve([listener]))
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.clickhouse_endpoint", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory that the tables live in")
    parser.add_argument("--port", type=int, default=8123, help="port on 127.0.0.1, 0 for a free one")
    parser.add_argument("--memory-mib", type=int, default=2048, help="memory that all queries together may take")
    parser.add_argument("--threads", type=int, default=2, help="threads that one query may use")
    return parser.parse_args(arguments)


def _listen(port: int) -> socket.socket:
    if port:
        check_free(_HOST, port, "ClickHouse endpoint", f"TIDEGAUGE_CLICKHOUSE_URL=http://{_HOST}:{port + 1}")
    # With the protocol named, asyncio switches Nagle's algorithm off: 1 ms an answer instead of 45.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((_HOST, port))
    return listener


if __name__ == "__main__":
    sys.exit(main())
