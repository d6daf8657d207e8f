"""HTTP requests: who may send them, how they are read, how bodies are packed and unpacked."""

import gzip
import zlib

import lz4.frame
import pytest
import zstandard

from local.clickhouse_endpoint import request as request_module
from local.clickhouse_endpoint.errors import ClickHouseError
from local.clickhouse_endpoint.request import Request, check_sender, compress, decompress, read_request


def read(query_string: str, method: str = "POST", body: bytes = b"", **headers: str) -> Request:
    return read_request(method, query_string.encode(), {k.replace("_", "-"): v for k, v in headers.items()}, body)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:8123"},
        {"host": "localhost"},
        {"host": "LOCALHOST:8123"},
        {"host": "[::1]:8123"},
        {"host": "localhost:8123", "origin": "http://localhost:8123", "sec-fetch-site": "same-origin"},
        {"host": "127.0.0.1:8123", "sec-fetch-site": "none"},
    ],
)
def test_local_senders_are_answered(headers: dict[str, str]) -> None:
    check_sender(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": ""},
        {"host": "evil.example:8123"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "127.0.0.1@evil.example"},
        {"host": "0.0.0.0:8123"},
        {"host": "localhost:8123", "origin": "http://evil.example"},
        {"host": "localhost:8123", "origin": "null"},
        {"host": "localhost:8123", "origin": "http://localhost:9999"},
        {"host": "localhost:8123", "sec-fetch-site": "cross-site"},
        {"host": "localhost:8123", "sec-fetch-site": "same-site"},
    ],
)
def test_foreign_pages_and_rebound_names_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ClickHouseError) as caught:
        check_sender(headers)
    assert (caught.value.code, caught.value.status) == (497, 403)


def test_parameters_settings_and_the_rest_are_told_apart() -> None:
    request = read("query=SELECT+1&database=d&query_id=q&session_id=s&max_threads=1&param_a=x%20y&default_format=CSV")
    assert (request.query, request.database, request.query_id, request.session_id) == (b"SELECT 1", "d", "q", "s")
    assert (request.settings, request.parameters) == ({"max_threads": "1"}, {"a": "x y"})
    assert (request.default_format, request.readonly) == ("CSV", 0)


def test_headers_stand_in_for_parameters() -> None:
    request = read("", x_clickhouse_database="d", x_clickhouse_format="JSON")
    assert (request.database, request.default_format) == ("d", "JSON")


def test_get_is_readonly() -> None:
    assert read("query=SELECT+1", method="GET").readonly == 2
    assert read("query=SELECT+1&readonly=1", method="GET").readonly == 1


@pytest.mark.parametrize(
    ("query_string", "code"),
    [
        ("max_threads%20%3D%201,x=1", 115),  # the name of a setting is no place for SQL
        ("1a=1", 115),
        ("=1", 115),
        ("readonly=yes", 72),
        ("session_timeout=-1", 72),
        ("session_timeout=" + "9" * 5000, 72),
        ("query=%ff", 36),
        ("compress=1", 48),
        ("decompress=1", 48),
    ],
)
def test_what_cannot_be_read_is_named(query_string: str, code: int) -> None:
    with pytest.raises(ClickHouseError) as caught:
        read(query_string)
    assert caught.value.code == code


def test_bodies_are_unpacked() -> None:
    body = b"0123456789" * 1000
    packed = {
        "identity": body,
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "lz4": lz4.frame.compress(body),
        "zstd": zstandard.compress(body),
    }
    assert {encoding: decompress(data, encoding) for encoding, data in packed.items()} == dict.fromkeys(packed, body)


def test_answers_are_packed_as_the_client_accepts() -> None:
    body = b"0123456789" * 1000
    for encoding in ("lz4", "zstd", "gzip"):
        assert read("enable_http_compression=1", accept_encoding=f"br, {encoding}").encoding == encoding
        assert decompress(compress(body, encoding), encoding) == body
    assert read("enable_http_compression=1", accept_encoding="br").encoding is None
    assert read("", accept_encoding="gzip").encoding is None


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "lz4", "zstd"])
def test_damaged_bodies_are_errors_of_the_client(encoding: str) -> None:
    with pytest.raises(ClickHouseError) as caught:
        decompress(b"not packed at all", encoding)
    assert caught.value.status == 400


def test_an_unknown_packing_is_named() -> None:
    with pytest.raises(ClickHouseError, match="'br'; use gzip"):
        decompress(b"x", "br")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "lz4", "zstd"])
def test_a_small_body_cannot_unpack_into_a_huge_one(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_module, "MAX_BODY_BYTES", 100_000)
    bomb = zlib.compress(bytes(1_000_000)) if encoding == "deflate" else compress(bytes(1_000_000), encoding)
    with pytest.raises(ClickHouseError) as caught:
        decompress(bomb, encoding)
    assert (caught.value.code, caught.value.status) == (223, 413)
