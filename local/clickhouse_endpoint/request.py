"""One HTTP request of the ClickHouse interface, read into typed fields; and who may send one at all."""

import gzip
import io
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import lz4.frame
import zstandard

from local.clickhouse_endpoint.errors import ClickHouseError, access_denied, not_implemented

MAX_BODY_BYTES: Final = 512 * 1024 * 1024
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_OWN_HOSTS: Final = ("127.0.0.1", "localhost", "::1")
_RESPONSE_ENCODINGS: Final = ("lz4", "zstd", "gzip")  # cheapest first

# Query parameters that are no settings. `compress` and `decompress` are the native block format, not HTTP's.
_NOT_SETTINGS: Final = frozenset(
    {
        "buffer_size", "client_protocol_version", "close_session", "compress", "database", "decompress",
        "default_format", "enable_http_compression", "http_zlib_compression_level", "password", "query",
        "query_id", "quota_key", "readonly", "role", "session_check", "session_id", "session_timeout",
        "stacktrace", "user", "wait_end_of_query",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for.

    `readonly` is 0, 1 (read, change nothing) or 2 (read and change settings); `encoding` is the compression that
    the client accepts for the answer, or None.
    """

    query: bytes
    body: bytes
    settings: Mapping[str, str]
    parameters: Mapping[str, str]
    database: str | None
    default_format: str
    query_id: str | None
    session_id: str | None
    session_timeout: float
    session_check: bool
    readonly: int
    encoding: str | None


def read_request(method: str, query_string: bytes, headers: Mapping[str, str], body: bytes) -> Request:
    """Read a request; `headers` have lower-case names, `body` is still compressed.

    Raises ClickHouseError for a parameter that cannot be read, and for what only a server has.
    """
    fields = _fields(query_string)
    if fields.get("compress", "0") != "0" or fields.get("decompress", "0") != "0":
        raise not_implemented("The native block compression; use Accept-Encoding and Content-Encoding")
    if headers.get("content-type", "").startswith("multipart/form-data"):
        raise not_implemented("Multipart bodies (external tables)")
    return Request(
        query=fields.get("query", "").encode(),
        body=decompress(body, headers.get("content-encoding", "identity").lower()),
        settings={name: _setting(name, text) for name, text in fields.items() if _is_setting(name)},
        parameters={name[6:]: text for name, text in fields.items() if name.startswith("param_")},
        database=fields.get("database") or headers.get("x-clickhouse-database") or None,
        default_format=fields.get("default_format") or headers.get("x-clickhouse-format") or "TabSeparated",
        query_id=fields.get("query_id") or None,
        session_id=fields.get("session_id") or None,
        session_timeout=min(float(_whole(fields, "session_timeout", 60)), 3600.0),
        session_check=fields.get("session_check") == "1",
        # A server lets GET change nothing but settings: a link or an image must not write.
        readonly=_whole(fields, "readonly", 0) or (2 if method == "GET" else 0),
        encoding=_encoding(fields, headers),
    )


def check_sender(headers: Mapping[str, str]) -> None:
    """Refuse what a web page of a stranger can make a browser send here.

    A host name other than loopback's is DNS rebinding; an Origin other than our own address is a foreign page.
    Raises ClickHouseError (497, ACCESS_DENIED).
    """
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in _OWN_HOSTS:
        raise access_denied(f"The Host header must name 127.0.0.1 or localhost, not {host!r}")
    origin = headers.get("origin")
    foreign_page = origin is not None and origin != f"http://{host}"
    if foreign_page or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise access_denied(f"Requests from web pages of other origins ({origin!r}) are not answered")


def decompress(body: bytes, encoding: str) -> bytes:
    """Return the plain body. Raises ClickHouseError: 223 when it is too large, 354 when it is damaged."""
    if encoding in ("", "identity"):
        return body
    try:
        match encoding:
            case "gzip":
                plain = gzip.GzipFile(fileobj=io.BytesIO(body)).read(MAX_BODY_BYTES + 1)
            case "deflate":
                plain = zlib.decompressobj().decompress(body, MAX_BODY_BYTES + 1)
            case "lz4":
                plain = lz4.frame.open(io.BytesIO(body)).read(MAX_BODY_BYTES + 1)
            case "zstd":
                plain = zstandard.ZstdDecompressor().stream_reader(body).read(MAX_BODY_BYTES + 1)
            case _:
                raise not_implemented(f"Content-Encoding {encoding!r}; use gzip, lz4, zstd or deflate")
    except (OSError, EOFError, zlib.error, RuntimeError, zstandard.ZstdError) as error:
        raise ClickHouseError(354, "ZLIB_INFLATE_FAILED", f"The {encoding} body is damaged: {error}", 400) from None
    check_size(len(plain))
    return bytes(plain)


def compress(body: bytes, encoding: str) -> bytes:
    """Compress an answer with one of the encodings that `Request.encoding` can name."""
    match encoding:
        case "lz4":
            return bytes(lz4.frame.compress(body))
        case "zstd":
            return zstandard.ZstdCompressor(level=1).compress(body)
        case _:
            return gzip.compress(body, compresslevel=3)


def check_size(size: int) -> None:
    """Refuse bodies that would not fit. Raises ClickHouseError (223, QUERY_IS_TOO_LARGE)."""
    if size > MAX_BODY_BYTES:
        raise ClickHouseError(223, "QUERY_IS_TOO_LARGE", f"A body may have {MAX_BODY_BYTES} bytes; send smaller ones")


def _fields(query_string: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError as error:
        raise ClickHouseError(36, "BAD_ARGUMENTS", f"The query string is not UTF-8: {error}") from None


def _is_setting(name: str) -> bool:
    return name not in _NOT_SETTINGS and not name.startswith("param_")


def _setting(name: str, text: str) -> str:
    if not _NAME.fullmatch(name):
        raise ClickHouseError(115, "UNKNOWN_SETTING", f"Unknown setting {name!r}")
    return text


def _whole(fields: Mapping[str, str], name: str, default: int) -> int:
    text = fields.get(name, "")
    if text and not _WHOLE.fullmatch(text):
        raise ClickHouseError(72, "CANNOT_PARSE_NUMBER", f"{name} must be a whole number, not {text[:40]!r}")
    return int(text) if text else default


def _encoding(fields: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
    """Return the encoding to answer in; as on a server, only when `enable_http_compression` asks for it."""
    if fields.get("enable_http_compression", "0") not in ("1", "true"):
        return None
    accepted = {part.strip().lower() for part in headers.get("accept-encoding", "").split(",")}
    return next((encoding for encoding in _RESPONSE_ENCODINGS if encoding in accepted), None)
