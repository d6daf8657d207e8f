"""A taken port is said by name, with who has it and the way out."""

import os
import socket
import sys

import pytest

from local.ports import PortTakenError, check_free, free_port, free_ports

pytestmark = pytest.mark.service


def test_a_free_port_passes() -> None:
    check_free("127.0.0.1", free_port(), "page", "TIDEGAUGE_PAGE_PORT=8601")


def test_a_free_port_is_one_that_no_connection_is_given() -> None:
    """A shard of which the page's port had gone to a connection of its neighbour stayed away for a minute."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = []
        for _ in range(50):
            with socket.create_connection(server.getsockname()) as connection:
                given.append(connection.getsockname()[1])
        assert max(free_port() for _ in range(50)) < min(given)


def test_ports_in_a_row_are_all_free() -> None:
    first = free_ports(5)
    for port in range(first, first + 5):
        check_free("127.0.0.1", port, "page", "TIDEGAUGE_PAGE_PORT=8601")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a port")
def test_a_taken_port_names_its_holder_and_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            check_free("127.0.0.1", port, "ClickHouse endpoint", "TIDEGAUGE_CLICKHOUSE_URL=http://127.0.0.1:8124")
    text = str(caught.value)
    assert text.startswith(f"port {port} (ClickHouse endpoint) is taken by pid {os.getpid()} (")
    assert text.endswith("; stop it or set TIDEGAUGE_CLICKHOUSE_URL=http://127.0.0.1:8124")


def test_an_address_of_another_machine_is_not_called_taken() -> None:
    with pytest.raises(PortTakenError, match=r"cannot be used \(.*\); set X=1"):
        check_free("192.0.2.1", 9, "page", "X=1")
