"""A pager: takes Alertmanager's posts on loopback and keeps them with the moment at which they came."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Post:
    """One notification.

    Attributes:
        at: when it came, epoch seconds.
        body: Alertmanager's webhook document.
    """

    at: float
    body: dict[str, Any]

    @property
    def is_page(self) -> bool:
        """Whether it went to the pager, not to tickets."""
        return bool(self.body["receiver"] == "pager")

    @property
    def group(self) -> str:
        """What a pager knows the incident by."""
        return str(self.body["groupKey"])

    @property
    def is_firing(self) -> bool:
        """Whether something still fires."""
        return bool(self.body["status"] == "firing")

    @property
    def alerts(self) -> list[str]:
        """Names of the alerts that fire, with their tier."""
        firing = [alert["labels"] for alert in self.body["alerts"] if alert["status"] == "firing"]
        return sorted({f"{own['alertname']}{_tier(own)}" for own in firing})


@dataclass
class Receiver:
    """All posts so far, in the order in which they came."""

    url: str
    posts: list[Post] = field(default_factory=list)

    @property
    def pages(self) -> list[Post]:
        """The posts to the pager."""
        return [post for post in self.posts if post.is_page]

    def page_count(self) -> int:
        """Count how often somebody was woken: posts that open an incident which was not open."""
        opened, count = set[str](), 0
        for post in self.pages:
            if post.is_firing and post.group not in opened:
                opened.add(post.group)
                count += 1
            elif not post.is_firing:
                opened.discard(post.group)
        return count

    def first_page_over_at(self) -> float | None:
        """Tell when the pager heard that the first page's alerts and all that look at this moment are over; None before that.

        Alerts over hours may fire longer: a budget that burnt much of itself stays an alert over 6 hours for half an hour.
        A cause that silences the first page's alerts looks at this moment, too.
        """
        over: float | None = None
        for post in self.pages:
            if any(name in self.pages[0].alerts or not name.endswith("h)") for name in post.alerts):
                over = None
            elif over is None and post.group == self.pages[0].group:
                over = post.at
        return over


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Listen on a free port for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take a notification."""
            came = time.time()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.posts.append(Post(came, orjson.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    found = Receiver(f"http://{HOST}:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _tier(labels: dict[str, str]) -> str:
    return f" ({labels['tier']})" if "tier" in labels else ""
