"""TLS to ClickHouse, with real certificates: who is vouched for is spoken to, nobody else; and we can show who we are."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sinks.clickhouse import ClickHouse, StoreAwayError, Tls
from tests.certificates import Certificates, Pair, make_certificates
from tests.tls_front import TlsFront


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def front(url: str, server: Pair, client_ca: Path | None = None) -> TlsFront:
    return TlsFront(urlsplit(url).port or 0, server, client_ca=client_ca)


def ask(port: int, tls: Tls, password: str = "") -> list[tuple[object, ...]]:
    store = ClickHouse(f"https://127.0.0.1:{port}", "default", password, "default", timeout=10, tls=tls)
    try:
        return store.query("SELECT 1 + 1")
    finally:
        store.close()


@pytest.mark.service
def test_a_server_that_is_vouched_for_is_spoken_to_by_tls(clickhouse_url: str, certificates: Certificates) -> None:
    with front(clickhouse_url, certificates.server) as tls:
        assert ask(tls.port, Tls(certificates.ca.cert)) == [(2,)]
        assert set(tls.versions) <= {"TLSv1.2", "TLSv1.3"}
        assert tls.versions


@pytest.mark.service
@pytest.mark.parametrize("trusted", ["stranger", None])
def test_a_server_that_nobody_vouches_for_is_refused(
    clickhouse_url: str, certificates: Certificates, trusted: str | None
) -> None:
    ca = certificates.stranger.cert if trusted else None
    with front(clickhouse_url, certificates.server) as tls:
        with pytest.raises(StoreAwayError, match=r"(?i)certificate verify failed"):
            ask(tls.port, Tls(ca))
        assert tls.versions == []


@pytest.mark.service
def test_a_certificate_for_another_name_is_refused(clickhouse_url: str, certificates: Certificates) -> None:
    with front(clickhouse_url, certificates.elsewhere) as tls, pytest.raises(StoreAwayError, match=r"(?i)127\.0\.0\.1"):
        ask(tls.port, Tls(certificates.ca.cert))


@pytest.mark.service
def test_a_client_shows_its_certificate_where_one_is_asked_for(clickhouse_url: str, certificates: Certificates) -> None:
    with front(clickhouse_url, certificates.server, certificates.ca.cert) as tls:
        own = Tls(certificates.ca.cert, certificates.client.cert, certificates.client.key)
        assert ask(tls.port, own, password="a word") == [(2,)]  # noqa: S106 - the endpoint asks for none
        assert set(tls.subjects) == {"client"}
        with pytest.raises(StoreAwayError):
            ask(tls.port, Tls(certificates.ca.cert))
        assert tls.failures
