"""Shapes, hosts, rates and bodies: what is refused before a route sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from gates import KEY, ask, gates
from starlette.types import Message, Receive, Scope, Send

from castbook.errors import InputError
from service.security.addresses import address_of
from service.security.binding import check_binding
from service.security.bodies import Bodies, most_body
from service.security.rates import Buckets, bucket_of
from service.settings import MOST_BODY, MOST_UPLOAD, ServiceSettings


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return gates(tmp_path)


def code(answer: Any) -> tuple[int, str]:
    said = answer.json()
    return answer.status_code, (said.get("error") or said)["code"]


def test_headers_of_every_answer(app: FastAPI) -> None:
    for method, path in (("GET", "/v1/who"), ("GET", "/nowhere"), ("GET", "/v1/..%2f")):
        headers = ask(app, method, path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_no_foreign_page_is_told_that_it_may(app: FastAPI) -> None:
    answer = ask(
        app,
        "OPTIONS",
        "/v1/who",
        headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("base", "host", "status"),
    [
        ("http://127.0.0.1:7860", "localhost", 200),
        ("http://127.0.0.1:7860", "localhost:7860", 200),
        ("http://127.0.0.1:7860", "127.0.0.1:7860", 200),
        ("http://127.0.0.1:7860", "[::1]:7860", 200),
        ("http://[::1]:7860", "localhost", 200),
        ("http://127.0.0.1:7860", "books.example", 200),  # of CASTBOOK_HOSTS
        ("http://127.0.0.1:7860", "BOOKS.example:443", 200),
        ("http://127.0.0.1:7860", "evil.example", 421),
        ("http://127.0.0.1:7860", "localhost.evil.example", 421),
        ("http://127.0.0.1:7860", "127.0.0.1.evil.example", 421),
        ("http://127.0.0.1:7860", "0.0.0.0", 421),
        ("http://127.0.0.1:7860", "evil.example:7860@localhost", 421),
        ("http://127.0.0.1:7860", "localhost evil", 421),
        ("http://127.0.0.1:7860", "", 421),
        ("http://[::1]:7860", "evil.example", 421),
        ("http://192.0.2.1:7860", "any.example", 200),  # others can reach it anyway
        ("http://192.0.2.1:7860", "<script>", 421),
    ],
)
def test_hosts(tmp_path: Path, base: str, host: str, status: int) -> None:
    app = gates(tmp_path, hosts=("books.example",))
    assert ask(app, "GET", "/v1/who", base=base, headers={"Host": host}).status_code == status


def test_a_rate(tmp_path: Path) -> None:
    app = gates(tmp_path, rate=3, api_keys={"alice": KEY, "bob": KEY[::-1]})
    alice = {"X-API-Key": KEY}
    answers = [ask(app, "GET", "/v1/who", headers=alice) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert [a.headers["ratelimit-remaining"] for a in answers] == ["2", "1", "0", "0"]
    last = answers[-1]
    assert 1 <= int(last.headers["retry-after"]) <= 20
    assert last.headers["ratelimit-limit"] == "3"
    assert last.json()["error"]["type"] == "rate_limit_error"
    assert ask(app, "GET", "/v1/who", headers={"X-API-Key": KEY[::-1]}).status_code == 200
    assert ask(app, "GET", "/healthz", headers=alice).status_code == 404  # probes are not counted


def test_guessing_costs_more(tmp_path: Path) -> None:
    app = gates(tmp_path, rate=60, api_keys={"alice": KEY})
    guesses = [ask(app, "GET", "/v1/who", headers={"X-API-Key": f"guess-{n}"}) for n in range(12)]
    assert [g.status_code for g in guesses].count(401) <= 7
    assert guesses[-1].status_code == 429
    other = ask(app, "GET", "/v1/who", headers={"X-API-Key": "guess"}, peer="127.0.0.2")
    assert other.status_code == 401
    assert ask(app, "GET", "/v1/who", headers={"X-API-Key": KEY}).status_code == 200
    logins = [ask(app, "POST", "/login", data={"key": f"guess-{n}"}, peer="::1") for n in range(12)]
    assert logins[-1].status_code == 429


def test_guessing_beside_what_is_not_counted_is_counted(tmp_path: Path) -> None:
    app = gates(tmp_path, rate=30, api_keys={"alice": KEY})
    guesses = [
        ask(app, "GET", "/healthz.", headers={"X-API-Key": f"guess-{n}"}).status_code
        for n in range(6)
    ]
    assert guesses[-1] == 429


def test_guessing_a_webhooks_token_costs_more(tmp_path: Path) -> None:
    app = gates(tmp_path, rate=30, webhook_tokens=("token-of-a-webhook",))
    guesses = [
        ask(app, "POST", "/webhook/tts", headers={"X-Webhook-Token": f"guess-{n}"})
        for n in range(6)
    ]
    assert [g.status_code for g in guesses][-3:] == [429] * 3


def test_no_rate(tmp_path: Path) -> None:
    app = gates(tmp_path, rate=0)
    answer = ask(app, "GET", "/v1/who")
    assert answer.status_code == 200 and "ratelimit-limit" not in answer.headers


def test_buckets() -> None:
    buckets = Buckets(60)
    assert all(buckets.take("a", now=0.0).granted for _ in range(60))
    refused = buckets.take("a", now=0.0)
    assert (refused.granted, refused.wait_s) == (False, 1)
    assert buckets.take("a", now=1.0).granted and not buckets.take("a", now=1.0).granted
    assert buckets.take("a", now=1000.0).left == 59  # it holds no more than a minute's worth
    one, two = (bucket_of(address_of(a)) for a in ("2001:db8::1", "2001:db8::ffff"))
    assert one == two != bucket_of(address_of("2001:db8:0:1::1"))
    assert bucket_of(address_of("192.0.2.1")) == "192.0.2.1"


@pytest.mark.parametrize(
    ("path", "kind", "most"),
    [
        ("/v1/engine/unload", "application/json", MOST_BODY),
        ("/books/alice", "", MOST_BODY),
        ("/v1/batches", "text/plain", MOST_UPLOAD + 65536),
        ("/v1/audio/voices", "multipart/form-data; boundary=x", MOST_UPLOAD + 65536),
        ("/v1/audio/voices", "MULTIPART/form-data", MOST_UPLOAD + 65536),
        ("/webhook/tts", "application/json", MOST_UPLOAD + 65536),
        ("/v1/audio/speech", "application/json", MOST_UPLOAD * 4 // 3 + MOST_BODY),
        ("/audio/speech", "application/json", MOST_UPLOAD * 4 // 3 + MOST_BODY),
    ],
)
def test_limits_of_bodies(path: str, kind: str, most: int) -> None:
    scope = {"path": path, "type": "http", "headers": [(b"content-type", kind.encode())]}
    assert most_body(scope) == most


async def pieces(count: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"x" * 1000, (200, "")),
        (b"x" * 1001, (413, "body_too_large")),  # says so beforehand
        ((10, 100), (200, "")),
        ((11, 100), (413, "body_too_large")),  # is counted while it streams
    ],
    ids=str,
)
def test_bodies_are_counted(app: FastAPI, content: Any, expected: tuple[int, str]) -> None:
    body = pieces(*content) if isinstance(content, tuple) else content
    answer = ask(app, "POST", "/v1/forgotten", content=body)
    assert (answer.status_code, "" if answer.is_success else code(answer)[1]) == expected


def drive(app: Any, messages: list[Message], hang: bool = False) -> tuple[list[Message], int]:
    """Runs an app by hand; returns what it sent, and how many messages it took."""
    sent: list[Message] = []
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        if taken == len(messages):
            if hang:
                await asyncio.sleep(30)
            return {"type": "http.disconnect"}
        taken += 1
        return messages[taken - 1]

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/forgotten",
        "raw_path": b"/v1/forgotten",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 7860),
        "scheme": "http",
    }
    asyncio.run(app(scope, receive, send))
    return sent, taken


def part(size: int) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": True}


def test_nothing_is_read_beyond_the_limit(app: FastAPI) -> None:
    sent, taken = drive(app, [part(600)] * 50)
    assert sent[0]["status"] == 413 and taken == 2


def test_a_body_that_trickles(tmp_path: Path) -> None:
    sent, _ = drive(gates(tmp_path, spare_s=0.05), [part(1), part(1)], hang=True)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_the_limit_counts_whatever_the_route_makes_of_it() -> None:
    async def stubborn(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
        except Exception:  # like a framework that answers 400 to anything
            await send({"type": "http.response.start", "status": 400, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    sent, _ = drive(Bodies(stubborn, most=lambda scope: 10), [part(11)])
    assert [message["status"] for message in sent if "status" in message] == [413]


def test_a_whole_body_is_no_longer_timed() -> None:
    """A stream of an hour waits for the client to leave, and that is no slow body."""

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.create_task(receive())
        await asyncio.sleep(0.1)
        assert not gone.done()
        gone.cancel()
        await send({"type": "http.response.body", "body": b"sound"})

    whole: Message = {"type": "http.request", "body": b"", "more_body": False}
    sent, _ = drive(Bodies(stream, spare_s=0.02), [whole], hang=True)
    assert sent[-1]["body"] == b"sound"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9"])
def test_this_machine_needs_no_key(tmp_path: Path, host: str) -> None:
    check_binding(ServiceSettings(tmp_path, host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "books.example", "", "*"])
def test_a_public_address_needs_one(tmp_path: Path, host: str) -> None:
    with pytest.raises(InputError, match="CASTBOOK_API_KEYS"):
        check_binding(ServiceSettings(tmp_path, host=host))
    check_binding(ServiceSettings(tmp_path, host=host, api_keys={"a": KEY}))
    check_binding(ServiceSettings(tmp_path, host=host, allow=("10.0.0.0/8",)))


def test_all_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="CASTBOOK_AUTH"):
        check_binding(ServiceSettings(tmp_path, auth="all", api_keys={"a": KEY}))
