"""A real server and raw sockets: what no client library would send."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from gates import gates
from live import live
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from service.security.connections import PromptProtocol


class Hasty(PromptProtocol):
    """Waits no longer than a test does."""

    headers_s = 0.3


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    app = gates(tmp_path_factory.mktemp("data"), spare_s=0.3)
    options = {"http": Hasty, "proxy_headers": False, "h11_max_incomplete_event_size": 32768}
    with live(app, **options) as address:
        found = urlsplit(address).port
        assert found
        yield found


def talk(port: int, *pieces: bytes, pause: float = 0.0, patience: float = 3.0) -> bytes:
    """Sends pieces and reads until the server closes, or says nothing for ``patience``."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
                time.sleep(pause)
            while chunk := client.recv(65536):
                said += chunk
        except (TimeoutError, ConnectionError):
            pass
    return said


def statuses(said: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)]


GET = b"GET /v1/who HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/forgotten HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
END = b"Connection: close\r\n\r\n"


def test_an_honest_client(port: int) -> None:
    assert statuses(talk(port, GET + END)) == [200]
    assert statuses(talk(port, GET[:9], GET[9:] + END, pause=0.05)) == [200]
    assert statuses(talk(port, GET + b"\r\n" + GET + END)) == [200, 200]


SMUGGLED = {
    "both lengths": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "a list of lengths": POST + b"Content-Length: 1, 2\r\n\r\nxx",
    "negative": POST + b"Content-Length: -1\r\n\r\n",
    "signed": POST + b"Content-Length: +4\r\n\r\nxxxx",
    "hexadecimal": POST + b"Content-Length: 0x4\r\n\r\nxxxx",
    "huge": POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
    "unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding twice": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "gzip coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "space before colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "folded header": POST + b"X-A: b\r\n c\r\nContent-Length : 0\r\n\r\n",
    "bad chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "negative chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    "chunk longer than said": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxxxx\r\n0\r\n\r\n",
    "no host": b"GET /v1/who HTTP/1.1\r\n" + END,
    "two hosts": GET + b"Host: evil.example\r\n" + END,
    "NUL in a header": GET + b"X-A: a\0b\r\n" + END,
    "CR in a header": GET + b"X-A: a\rb\r\n" + END,
    "NUL in the path": b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n" + END,
    "not ASCII": "GET /é HTTP/1.1\r\nHost: localhost\r\n".encode() + END,
    "space in the path": b"GET /a b HTTP/1.1\r\nHost: localhost\r\n" + END,
    "no version": b"GET /v1/who\r\n\r\n",
    "HTTP/9.9": b"GET /v1/who HTTP/9.9x\r\nHost: localhost\r\n" + END,
    "TLS": bytes.fromhex("16030100a5010000a10303") + b"\0" * 50 + b"\r\n\r\n",
    "nothing but noise": b"\xff" * 100 + b"\r\n\r\n",
    "header without a colon": GET + b"nonsense\r\n" + END,
    "empty header name": GET + b": x\r\n" + END,
    "a header of 40 kB": GET + b"X-A: " + b"a" * 40_000 + b"\r\n" + END,
}  # fmt: skip


@pytest.mark.parametrize("request_bytes", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_malformed_requests_are_one_refusal(port: int, request_bytes: bytes) -> None:
    """One answer, and then the end: nothing behind it is taken for a second request."""
    said = talk(port, request_bytes + GET + END)
    assert statuses(said) in ([400], [413], [431])
    assert b'"principal"' not in said


@pytest.mark.parametrize(
    "target", [b"http://evil.example/v1/who", b"//evil.example/v1/who", b"*", b"v1/who"]
)
def test_targets_that_are_no_path(port: int, target: bytes) -> None:
    said = talk(port, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n" + END)
    assert statuses(said)[0] in (400, 404)


@pytest.mark.parametrize("pieces", [(), (b"G",), (GET,), (GET, b"X", b"-", b"A", b":", b"b")])
def test_headers_that_trickle(port: int, pieces: tuple[bytes, ...]) -> None:
    begun = time.monotonic()
    assert statuses(talk(port, *pieces, pause=0.1)) == []
    assert time.monotonic() - begun < 2


def test_a_second_request_that_trickles(port: int) -> None:
    assert statuses(talk(port, GET + b"\r\n", GET, b"X-A", pause=0.1)) == [200]


def test_a_body_that_trickles(port: int) -> None:
    said = talk(port, POST + b"Content-Length: 100\r\n\r\n", b"x", b"x", pause=0.05)
    assert statuses(said) == [408]
    assert b"body_too_slow" in said


def test_a_body_that_is_counted_on_the_wire(port: int) -> None:
    chunk = b"1f4\r\n" + b"x" * 500 + b"\r\n"
    said = talk(port, POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 3)
    assert statuses(said) == [413]


def test_an_expectation_is_refused_before_the_body(port: int) -> None:
    said = talk(port, POST + b"Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n")
    assert statuses(said) == [413]


def test_a_socket_outlives_the_clock_of_headers(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/v1/socket") as client:
        assert client.recv() == "local"
    with pytest.raises(InvalidStatus) as refused:
        connect(
            f"ws://127.0.0.1:{port}/v1/socket", additional_headers={"Origin": "http://e.example"}
        )
    assert refused.value.response.status_code == 403
