"""A TLS listener in front of a plain one, as a proxy or a server's own TLS would be: decrypts, and passes bytes on."""

import re
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.certificates import Pair


class TlsFront:
    """Listens on a free port of loopback while it is entered.

    Attributes:
        port: where it listens.
        versions: the TLS version of every handshake that succeeded.
        subjects: the common name of every client that showed a certificate.
        failures: why handshakes failed, in OpenSSL's words.
    """

    def __init__(self, target: int, server: Pair, *, client_ca: Path | None = None) -> None:
        """Stand in front of a port of loopback; with `client_ca`, clients must show a certificate that it vouches for."""
        self.versions: list[str] = []
        self.subjects: list[str] = []
        self.failures: list[str] = []
        self._target = target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(server.cert, server.key)
        if client_ca is not None:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(client_ca)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # A thread that waits in accept() is not woken by close() alone.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                raw, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(60)
        try:
            client = self._context.wrap_socket(raw, server_side=True)
        except OSError as error:
            self.failures.append(str(error))
            raw.close()
            return
        self.versions.append(client.version() or "")
        if shown := client.getpeercert():
            self.subjects += re.findall(r"'commonName', '([^']+)'", repr(shown["subject"]))
        try:
            server = socket.create_connection(("127.0.0.1", self._target), 10)
        except OSError:
            # What stands behind may stop first, while a client still tries: it sees the connection closed.
            client.close()
            return
        with client, server:
            server.settimeout(60)
            there = threading.Thread(target=_pass, args=(client, server), daemon=True)
            there.start()
            _pass(server, client)
            there.join(60)


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
