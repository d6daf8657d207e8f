"""The endpoint as curl sees it: methods, formats, headers, statuses."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPMessage
from urllib.parse import urlencode

import pytest

from tests.local.conftest import EndpointProcess

pytestmark = pytest.mark.service


def call(
    endpoint: EndpointProcess,
    body: str | bytes | None = None,
    path: str = "/",
    headers: dict[str, str] | None = None,
    **fields: object,
) -> tuple[int, str, HTTPMessage]:
    """Send a request, POST if it has a body; return status, text and headers."""
    target = f"{path}?{urlencode(fields)}" if fields else path
    data = body.encode() if isinstance(body, str) else body
    status, answer, answered = endpoint.call("GET" if data is None else "POST", target, data, headers)
    return status, answer.decode(), answered


def test_it_answers_probes(endpoint: EndpointProcess) -> None:
    assert call(endpoint, path="/ping")[:2] == (200, "Ok.\n")
    assert call(endpoint)[:2] == (200, "Ok.\n")
    assert call(endpoint, path="/nothing")[0] == 404


def test_a_statement_may_stand_in_the_query_or_the_body_or_both(endpoint: EndpointProcess) -> None:
    expected = (200, "1\tx\n")
    assert call(endpoint, query="SELECT 1, 'x'")[:2] == expected
    assert call(endpoint, "SELECT 1, 'x'")[:2] == expected
    assert call(endpoint, "1, 'x'", query="SELECT")[:2] == expected
    assert call(endpoint, "SELECT {a:UInt8}, {b:String}", param_a=1, param_b="x")[:2] == expected


def test_formats_and_their_headers(endpoint: EndpointProcess) -> None:
    status, text, headers = call(endpoint, "SELECT 1 AS a FORMAT JSON", query_id="mine")
    assert (status, json.loads(text)["data"]) == (200, [{"a": 1}])
    assert headers["X-ClickHouse-Format"] == "JSON"
    assert headers["X-ClickHouse-Query-Id"] == "mine"
    assert headers["Content-Type"] == "application/json; charset=UTF-8"
    assert set(json.loads(headers["X-ClickHouse-Summary"])) >= {"read_rows", "written_rows", "elapsed_ns"}
    assert call(endpoint, "SELECT 1 AS a", default_format="JSONEachRow")[1] == '{"a":1}\n'
    assert call(endpoint, "SELECT 1 AS a FORMAT CSV", default_format="JSONEachRow")[1] == "1\n"


def test_a_line_break_in_a_parameter_begins_no_header(endpoint: EndpointProcess) -> None:
    status, _, headers = call(endpoint, "SELECT 1", query_id="a\r\nX-Forged: 1")
    assert (status, headers["X-ClickHouse-Query-Id"]) == (200, "a??X-Forged: 1")
    assert "X-Forged" not in headers


def test_get_never_writes(endpoint: EndpointProcess) -> None:
    status, text, headers = call(endpoint, query="CREATE TABLE got (a Int8) ENGINE = Memory")
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (403, "164")
    assert "GET is always readonly" in text
    assert call(endpoint, "EXISTS TABLE got")[1] == "0\n"


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("SELECT * FROM nowhere", 404, "60"),
        ("SELECT 1;SELECT 2", 400, "62"),
        ("SELECT * FROM url('http://127.0.0.1:1')", 403, "497"),
        ("SELECT throwIf(1)", 500, "395"),
    ],
)
def test_errors_have_status_code_and_text(endpoint: EndpointProcess, sql: str, status: int, code: str) -> None:
    answered, text, headers = call(endpoint, sql)
    assert (answered, headers["X-ClickHouse-Exception-Code"]) == (status, code)
    assert text.startswith(f"Code: {code}. DB::Exception: ")
    assert text.count("Code: ") == 1


def test_packed_bodies_and_answers(endpoint: EndpointProcess) -> None:
    packed = gzip.compress(b"SELECT repeat('x', 1000)")
    assert call(endpoint, packed, headers={"Content-Encoding": "gzip"})[1] == "x" * 1000 + "\n"
    status, body, headers = endpoint.call(
        "POST", "/?enable_http_compression=1", b"SELECT repeat('x', 1000)", {"Accept-Encoding": "gzip"}
    )
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert gzip.decompress(body) == b"x" * 1000 + b"\n"


def test_pages_of_strangers_get_nothing(endpoint: EndpointProcess) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        status, text, _ = call(endpoint, "SELECT 1", headers=headers)
        assert status == 403
        assert "ACCESS_DENIED" in text


def test_sessions_are_kept_checked_and_locked(endpoint: EndpointProcess) -> None:
    assert call(endpoint, "SELECT 1", session_id="new", session_check=1)[2]["X-ClickHouse-Exception-Code"] == "372"
    call(endpoint, "CREATE TEMPORARY TABLE kept AS SELECT 5 AS a", session_id="new")
    assert call(endpoint, "SELECT a FROM kept", session_id="new", session_check=1)[1] == "5\n"

    def busy(_: int) -> str:
        return call(endpoint, "SELECT sleep(1.5)", session_id="busy")[1]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(busy, range(4)))
    # At least one has run; whoever came meanwhile was told so.
    assert "0\n" in answers
    assert all(answer == "0\n" or "SESSION_IS_LOCKED" in answer for answer in answers)
    assert any("SESSION_IS_LOCKED" in answer for answer in answers)
