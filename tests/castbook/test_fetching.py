"""The fetcher: what it asks, whom, and with which limits. The other side is a real TLS server."""

from __future__ import annotations

import asyncio
import datetime
import http.server
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from castbook.errors import Unavailable
from castbook.fetching import Answer, Fetcher, FetchRefused, is_public

NAME = "clips.example.org"


@dataclass
class Server:
    port: int
    tls: ssl.SSLContext
    asked: list[tuple[str, str]] = field(default_factory=list)  # host header, path


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/declared":
            self.send_response(200)
            self.send_header("Content-Length", "5000")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"x" * 3000)
        elif self.path == "/packed":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"xx")
        elif self.path == "/slow":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.7)
        else:
            body = self.headers.get("Accept-Encoding", "").encode()
            self.send_response(404 if self.path == "/missing" else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True
    asked: list[tuple[str, str]]

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that leave in the middle are what is tested


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = make_certificate(folder)
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(certificate, key)
    http_server = Quiet(("127.0.0.1", 0), Handler)
    http_server.socket = inside.wrap_socket(http_server.socket, server_side=True)
    made = Server(http_server.server_port, ssl.create_default_context(cafile=str(certificate)))
    http_server.asked = made.asked
    thread = threading.Thread(target=http_server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    http_server.shutdown()
    http_server.server_close()
    thread.join()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


def fetcher(server: Server, addresses: tuple[str, ...] = ("127.0.0.1",), **more: Any) -> Fetcher:
    """One that finds the test's server under its public name, and finds loopback public."""

    async def resolve(host: str, port: int) -> list[str]:
        assert host == NAME
        return list(addresses)

    options = {
        "resolve": resolve,
        "passes": lambda address: address.is_loopback,
        "tls": server.tls,
        "ports": frozenset({server.port}),
        "most_bytes": 2000,
        "seconds": 5.0,
    }
    return Fetcher([NAME], **(options | more))


def get(server: Server, path: str, **more: Any) -> Answer:
    return asyncio.run(fetcher(server, **more).get(f"https://{NAME}:{server.port}{path}"))


def refusal(hosts: list[str], url: str, addresses: list[str] | None = None) -> str:
    async def resolve(host: str, port: int) -> list[str]:
        return addresses or ["93.184.216.34"]

    with pytest.raises(FetchRefused) as refused:
        asyncio.run(Fetcher(hosts, resolve=resolve).get(url))
    return refused.value.code


def test_the_checked_address_is_asked_under_the_name(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # would fail if it were asked
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    answer = get(server, "/clip?a=b")
    assert (answer.status, answer.content) == (200, b"identity")
    assert server.asked[-1] == (f"{NAME}:{server.port}", "/clip?a=b")


def test_the_certificate_is_of_the_name(server: Server) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    other = Fetcher(
        ["other.example.org"],
        resolve=resolve,
        passes=lambda address: True,
        tls=server.tls,
        ports=frozenset({server.port}),
    )
    with pytest.raises(Unavailable):
        asyncio.run(other.get(f"https://other.example.org:{server.port}/clip"))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/redirect", "fetch_failed"),
        ("/missing", "fetch_failed"),
        ("/declared", "fetch_too_large"),
        ("/endless", "fetch_too_large"),
        ("/packed", "fetch_failed"),
    ],
)
def test_answers_are_bounded_and_not_followed(server: Server, path: str, code: str) -> None:
    with pytest.raises(FetchRefused) as refused:
        get(server, path)
    assert refused.value.code == code


def test_an_answer_that_trickles_ends(server: Server) -> None:
    with pytest.raises(FetchRefused) as refused:
        get(server, "/slow", seconds=0.3)
    assert refused.value.code == "fetch_timeout"


def test_loopback_is_refused_by_default(server: Server) -> None:
    with pytest.raises(FetchRefused) as refused:
        get(server, "/clip", passes=is_public)
    assert refused.value.code == "bad_address"


def test_one_bad_address_spoils_the_name(server: Server) -> None:
    with pytest.raises(FetchRefused) as refused:
        get(server, "/clip", addresses=("127.0.0.1", "10.0.0.1"))
    assert refused.value.code == "bad_address"


def test_the_next_address_is_tried(server: Server) -> None:
    assert get(server, "/clip", addresses=("127.0.0.9", "127.0.0.1")).status == 200


def test_an_origin_of_the_operator_may_be_private_and_posted_to(server: Server) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    origin = f"https://{NAME}:{server.port}"
    named = Fetcher([origin], resolve=resolve, tls=server.tls)
    answer = asyncio.run(
        named.ask("POST", f"{origin}/hook", content=b"{}", headers={"Content-Type": "a/b"})
    )
    assert (answer.status, answer.content) == (202, b"{}")
    with pytest.raises(FetchRefused) as refused:
        asyncio.run(named.get(f"https://{NAME}/hook"))
    assert refused.value.code == "fetching_off"


def test_an_origin_is_never_the_metadata_of_a_cloud() -> None:
    origin = "http://169.254.169.254"
    assert refusal([origin], f"{origin}/latest", ["169.254.169.254"]) == "bad_address"


ALLOWED = ["good.example"]


@pytest.mark.parametrize(
    ("hosts", "url", "code"),
    [
        ([], "https://good.example/a", "fetching_off"),
        (ALLOWED, "http://good.example/a", "bad_scheme"),
        (ALLOWED, "file:///etc/passwd", "bad_scheme"),
        (ALLOWED, "ftp://good.example/a", "bad_scheme"),
        (ALLOWED, "gopher://good.example/a", "bad_scheme"),
        (ALLOWED, "https:///a", "bad_scheme"),
        (ALLOWED, "//good.example/a", "bad_scheme"),
        (ALLOWED, "https://evil.example/a", "host_not_allowed"),
        (ALLOWED, "https://good.example.evil.example/a", "host_not_allowed"),
        (ALLOWED, "https://sub.good.example/a", "host_not_allowed"),
        (ALLOWED, "https://127.0.0.1/a", "host_not_allowed"),
        (ALLOWED, "https://[::1]/a", "host_not_allowed"),
        (ALLOWED, "https://2130706433/a", "host_not_allowed"),
        (ALLOWED, "https://0x7f000001/a", "host_not_allowed"),
        (ALLOWED, "https://good.example@evil.example/a", "bad_url"),
        (ALLOWED, "https://evil@good.example/a", "bad_url"),
        (ALLOWED, "https://good.example:8443/a", "bad_port"),
        (ALLOWED, "https://good.example:22/a", "bad_port"),
        (ALLOWED, "https://good.example:99999/a", "bad_url"),
        (ALLOWED, "https://good.example\\@evil.example/a", "bad_url"),
        (ALLOWED, "https://good.example/\r\nHost: evil", "bad_url"),
        (ALLOWED, "https://good.example/\0", "bad_url"),
        (ALLOWED, "https://gооd.example/a", "bad_url"),  # Cyrillic о
        (ALLOWED, "https://[good.example/a", "bad_url"),
        (ALLOWED, "https://good.example/" + "a" * 2048, "bad_url"),
    ],
)
def test_what_is_not_even_resolved(hosts: list[str], url: str, code: str) -> None:
    assert refusal(hosts, url) == code


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "0.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::7f00:1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "fec0::1",
        "100::1",
    ],
)
def test_addresses_that_are_nobodys_public_server(address: str) -> None:
    assert refusal(ALLOWED, "https://good.example/a", [address]) == "bad_address"


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111"])
def test_addresses_of_public_servers(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("spelled", ["2130706433", "0x7f000001", "127.1", "localhost"])
def test_spellings_of_loopback_are_caught_after_the_resolver(spelled: str) -> None:
    """The system's resolver reads them all; the operator allowed the name, not the address."""
    with pytest.raises(FetchRefused) as refused:
        asyncio.run(Fetcher([spelled]).get(f"https://{spelled}/a"))
    assert refused.value.code == "bad_address"


def test_a_name_without_an_address_is_away() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(Unavailable):
        asyncio.run(Fetcher(ALLOWED, resolve=resolve).get("https://good.example/a"))
