"""The small HTTP server of a shard: /metrics for Prometheus, /livez and /readyz for whoever runs the process."""

import threading
from collections.abc import Callable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

Problem = str | None
"""What is wrong, in a sentence; None when all is well."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: a scrape a second is no news."""


class HealthServer:
    """Serves the page from a thread of its own."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, problem: Callable[[], Problem]) -> None:
        """Bind.

        Args:
            host: address; loopback unless told otherwise.
            port: port; 0 takes a free one.
            registry: what /metrics shows.
            problem: asked by /readyz.

        Raises:
            OSError: the port is taken; the message says which and what to set.
        """
        self._metrics = make_wsgi_app(registry)
        self._problem = problem
        try:
            self._server = make_server(host, port, self._answer, server_class=_Server, handler_class=_Quiet)
        except OSError as error:
            raise OSError(
                f"the page of this shard cannot listen on {host}:{port} ({error.strerror}): stop what holds the port, or set "
                "TIDEGAUGE_METRICS_PORT (shard I takes that port + I)"
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)

    @property
    def port(self) -> int:
        """The port that was bound."""
        return int(self._server.server_port)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return self._metrics(environ, start_response)
        if path == "/livez":
            return _text(start_response, HTTPStatus.OK, "alive")
        if path == "/readyz":
            problem = self._problem()
            status = HTTPStatus.OK if problem is None else HTTPStatus.SERVICE_UNAVAILABLE
            return _text(start_response, status, problem or "ready")
        return _text(start_response, HTTPStatus.NOT_FOUND, "try /metrics, /livez or /readyz")


def _text(start_response: Any, status: HTTPStatus, text: str) -> list[bytes]:
    start_response(f"{status.value} {status.phrase}", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]
