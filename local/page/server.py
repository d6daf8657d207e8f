"""Serves the page on loopback until a signal ends it."""

import uvicorn

from local.page.answers import Answers, Connections
from local.page.app import make_app
from local.ports import check_free
from sinks.clickhouse import ClickHouse

HOST = "127.0.0.1"
QUESTION_SECONDS = 30


def serve(port: int, *, url: str, user: str, password: str, database: str, alertmanager: str | None) -> None:
    """Serve the page.

    Args:
        port: on 127.0.0.1.
        url: of ClickHouse's HTTP interface; `user` and `password` may be those of somebody who may only read.
        user: name to log in with.
        password: its password.
        database: that the views are in.
        alertmanager: http://host:port, or None.

    Raises:
        PortTakenError: the port is taken.
    """
    check_free(HOST, port, "local page", f"TIDEGAUGE_PAGE_PORT={port + 1}")
    connections = Connections(lambda: ClickHouse(url, user, password, database, timeout=QUESTION_SECONDS))
    try:
        connections.warm_up()
        app = make_app(Answers(connections), alertmanager)
        uvicorn.run(app, host=HOST, port=port, log_level="warning", access_log=False, ws="none", lifespan="off")
    finally:
        connections.close()
