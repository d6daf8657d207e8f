"""Ports of the local stack: whether one is free, and who holds it if not."""

import secrets
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

_LISTENING: Final = "0A"  # state column of /proc/net/tcp
_TABLES: Final = ("/proc/net/tcp", "/proc/net/tcp6")
_CONNECTIONS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_FIRST: Final = 32768  # of Linux; others begin higher
_LOWEST: Final = 10_000  # well-known services listen below


class PortTakenError(RuntimeError):
    """A port is taken; the text names the port, who holds it and the way out."""


def check_free(host: str, port: int, purpose: str, setting: str) -> None:
    """Raise PortTakenError if nothing can listen on `host`:`port`.

    `purpose` says what the port is for ("ClickHouse endpoint"), `setting` how to choose another one
    ("TIDEGAUGE_CLICKHOUSE_URL=http://127.0.0.1:8124").
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            holder = _holder(port)
            taken = f"is taken by {holder}; stop it or set" if holder else f"cannot be used ({error.strerror}); set"
            raise PortTakenError(f"port {port} ({purpose}) {taken} {setting}") from None


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that is free now. Someone else may take it before you do; prefer binding port 0.

    It is none of those that the system gives to connections: whoever listened there could not come back after a restart while
    a connection that was given its port is open, nor in the minute after that.
    """
    past = _given_to_connections()
    while True:
        port = _LOWEST + secrets.randbelow(past - _LOWEST)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.bind((host, port))
            return port


def free_ports(count: int, host: str = "127.0.0.1") -> int:
    """Return the first of `count` ports in a row that are free now."""
    while True:
        first = free_port(host)
        try:
            for port in range(first, first + count):
                check_free(host, port, "one of a row", "another")
        except (PortTakenError, OverflowError):
            continue
        return first


def _given_to_connections() -> int:
    """Return the first of the ports that the system chooses from where nobody names one."""
    told = _CONNECTIONS.read_text().split() if _CONNECTIONS.exists() else []
    first = int(told[0]) if told else _USUAL_FIRST
    return first if first >= 2 * _LOWEST else 1 << 16


def _holder(port: int) -> str | None:
    """Return "pid N (name)" of the process that listens on `port`; None where the system does not tell (not Linux)."""
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(descriptor.readlink()) in inodes for descriptor in (process / "fd").iterdir()):
                return f"pid {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:  # it ended meanwhile, or belongs to somebody else
            continue
    return "a process of another user"


def _listening_inodes(port: int) -> list[str]:
    inodes = []
    for table in map(Path, _TABLES):
        rows = table.read_text().splitlines()[1:] if table.exists() else []
        for fields in map(str.split, rows):
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.append(fields[9])
    return inodes
