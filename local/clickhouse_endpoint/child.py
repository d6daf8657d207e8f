"""The endpoint as a child process of the local stack."""

import sys
import urllib.error
import urllib.request
from pathlib import Path

from local.ports import check_free
from local.processes import Child, Supervisor


def start_endpoint(supervisor: Supervisor, data: Path, port: int) -> Child:
    """Start the endpoint on 127.0.0.1:`port` with its tables in the directory `data`; wait until it answers.

    Raises PortTakenError and ChildFailedError.
    """
    check_free("127.0.0.1", port, "ClickHouse endpoint", f"TIDEGAUGE_CLICKHOUSE_URL=http://127.0.0.1:{port + 1}")
    command = [sys.executable, "-m", "local.clickhouse_endpoint", "--data", str(data.resolve()), "--port", str(port)]
    repository = Path(__file__).parents[2]  # the packages are run from here and never installed
    return supervisor.start(
        "clickhouse", command, probe=lambda: answers(f"http://127.0.0.1:{port}"), directory=repository
    )


def answers(url: str, timeout_seconds: float = 1.0) -> bool:
    """Say whether a ClickHouse HTTP interface answers at `url`."""
    try:
        with urllib.request.urlopen(f"{url}/ping", timeout=timeout_seconds) as answer:  # noqa: S310 -- our own http URL
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
