"""`tidegauge page`: the four dashboards in a browser, without Grafana."""

from typing import Annotated

import typer

from cli.settings import settings
from cli.terminal import fail, out, told
from local.page.server import HOST, serve
from local.ports import PortTakenError


def page(
    alertmanager: Annotated[
        str | None, typer.Option(help="Address of the Alertmanager whose alerts are shown, http://host:port.")
    ] = None,
) -> None:
    """Serve the dashboards at http://127.0.0.1:8600 (TIDEGAUGE_PAGE_PORT) until Ctrl-C.

    `tidegauge up` and `tidegauge demo` start it by themselves. It only reads: TIDEGAUGE_CLICKHOUSE_USER may be somebody who
    may do nothing else.

    Examples:

      tidegauge page

      TIDEGAUGE_CLICKHOUSE_URL=http://clickhouse:8123 tidegauge page --alertmanager http://alertmanager:9093

    Exit codes: 0 ended; 1 the port is taken, or a package is missing.
    """
    config = settings()
    with told():
        out.print(f"dashboards on http://{HOST}:{config.page_port}", soft_wrap=True)
        try:
            serve(
                config.page_port,
                url=config.clickhouse_url,
                user=config.clickhouse_user,
                password=config.clickhouse_secret(),
                database=config.database,
                alertmanager=alertmanager,
            )
        except (PortTakenError, RuntimeError) as error:
            fail(str(error))
