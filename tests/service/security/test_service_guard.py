"""Who asks: keys, sessions, webhooks' ways; what is refused, and with which answer."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from gates import KEY, OTHER, SECRET, TOKEN, ask, gates
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from castbook.errors import InputError
from castbook.signatures import signed_headers
from service.security.guard import Guard
from service.security.keys import KeyRing
from service.security.sessions import LIFETIME_S, Sessions, session_secret
from service.settings import ServiceSettings

KEYS = {"alice": KEY, "bob": "sha256:" + hashlib.sha256(OTHER.encode()).hexdigest()}


@pytest.fixture
def keyed(tmp_path: Path) -> FastAPI:
    return gates(tmp_path, api_keys=KEYS)


def test_without_keys_this_machine_is_let_in(tmp_path: Path) -> None:
    app = gates(tmp_path)
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer sk-any"}):
        assert ask(app, "GET", "/v1/who", headers=headers).json()["principal"] == "local"


def test_without_keys_a_public_address_lets_nobody_in(tmp_path: Path) -> None:
    app = gates(tmp_path, host="0.0.0.0", webhook_tokens=(TOKEN,))
    assert ask(app, "GET", "/v1/who").status_code == 401
    assert ask(app, "POST", "/webhook/tts", headers={"X-Webhook-Token": TOKEN}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "principal"),
    [
        ({"Authorization": f"Bearer {KEY}"}, "alice"),
        ({"authorization": f"bearer {KEY}"}, "alice"),
        ({"X-API-Key": KEY}, "alice"),
        ({"X-API-Key": OTHER}, "bob"),
        ({"Authorization": "Bearer ", "X-API-Key": OTHER}, "bob"),
    ],
)
def test_keys(keyed: FastAPI, headers: dict[str, str], principal: str) -> None:
    answer = ask(keyed, "POST", "/v1/who", headers=headers)
    assert answer.json() == {"principal": principal, "way": "key"}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_api_key"),
        ({"Authorization": "Bearer "}, "missing_api_key"),
        ({"Authorization": "Bearer"}, "missing_api_key"),
        ({"Authorization": f"Basic {KEY}"}, "missing_api_key"),
        ({"Authorization": KEY}, "missing_api_key"),
        ({"Authorization": f"Bearer {KEY}x"}, "invalid_api_key"),
        ({"Authorization": f"Bearer {KEYS['bob']}"}, "invalid_api_key"),
        ({"Authorization": f"Bearer {KEYS['bob'][7:]}"}, "invalid_api_key"),
        ({"Authorization": "Bearer \xff"}, "invalid_api_key"),
        ({"X-API-Key": "x"}, "invalid_api_key"),
        ({"Cookie": "castbook_session=x"}, "missing_api_key"),
    ],
)
def test_wrong_keys(keyed: FastAPI, headers: dict[str, str], code: str) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = ask(keyed, "POST", "/v1/who", headers=raw)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == code
    assert answer.headers["www-authenticate"] == "Bearer"
    assert KEY not in answer.text and OTHER not in answer.text


def test_a_route_that_forgot_to_ask_is_closed(keyed: FastAPI) -> None:
    assert ask(keyed, "POST", "/v1/forgotten", content=b"x").status_code == 401
    assert ask(keyed, "POST", "/nowhere").status_code == 401  # says nothing of what exists


def test_a_visitor_is_sent_to_the_login(keyed: FastAPI) -> None:
    answer = ask(keyed, "GET", "/page", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/page")
    assert ask(keyed, "GET", "/page").status_code == 401


def test_public_lists(tmp_path: Path) -> None:
    closed, opened = (
        gates(tmp_path, api_keys=KEYS),
        gates(tmp_path, api_keys=KEYS, public_voices=True),
    )
    assert ask(closed, "GET", "/v1/audio/voices").status_code == 401
    assert ask(opened, "GET", "/v1/audio/voices").json()["principal"] == "public"
    assert ask(opened, "GET", "/v1/audio/voices", headers={"X-API-Key": KEY}).json()["way"] == "key"
    wrong = ask(opened, "GET", "/v1/audio/voices", headers={"X-API-Key": "wrong"})
    assert wrong.json()["principal"] == "public"
    assert ask(opened, "GET", "/v1/who").status_code == 401


def logged_in(app: FastAPI) -> dict[str, str]:
    answer = ask(app, "POST", "/login", data={"key": KEY, "next": "/books"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/books")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and KEY not in cookie
    return {"Cookie": cookie.partition(";")[0]}


def test_a_session(keyed: FastAPI) -> None:
    cookie = logged_in(keyed)
    assert ask(keyed, "GET", "/v1/who", headers=cookie).json() == {
        "principal": "alice",
        "way": "session",
    }
    own = {"Origin": "http://127.0.0.1:7860"}
    assert ask(keyed, "POST", "/v1/who", headers=cookie | own).status_code == 200
    same = {"Sec-Fetch-Site": "same-origin"}
    assert ask(keyed, "POST", "/v1/who", headers=cookie | same).status_code == 200
    assert "alice" in ask(keyed, "GET", "/login", headers=cookie).text
    ask(keyed, "POST", "/logout", headers=cookie | own)
    assert ask(keyed, "GET", "/v1/who", headers=cookie).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:7861"},
        {"Origin": "http://127.0.0.1:7860.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    ],
)
def test_a_foreign_page_cannot_use_a_session(keyed: FastAPI, headers: dict[str, str]) -> None:
    answer = ask(keyed, "POST", "/v1/who", headers=logged_in(keyed) | headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")


def test_a_foreign_page_cannot_use_this_machine(tmp_path: Path) -> None:
    app = gates(tmp_path)
    answer = ask(app, "POST", "/v1/who", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert (
        ask(app, "POST", "/login", headers={"Origin": "null"}, data={"key": "x"}).status_code == 403
    )


def test_the_cookie_is_secure_behind_tls(tmp_path: Path) -> None:
    app = gates(tmp_path, api_keys=KEYS, trusted_proxies=("10.0.0.1",), hosts=("a.example",))
    told = {"X-Forwarded-Proto": "https"}
    for base, peer, secure in (
        ("https://127.0.0.1", "127.0.0.1", True),
        ("http://127.0.0.1", "10.0.0.1", True),
        ("http://127.0.0.1", "10.0.0.2", False),
    ):
        answer = ask(app, "POST", "/login", data={"key": KEY}, base=base, peer=peer, headers=told)
        assert ("Secure" in answer.headers["set-cookie"]) is secure


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/books/a?lang=zh", "/books/a?lang=zh"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/%2fevil.example", "/"),
        ("/%5cevil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/login", "/"),
        ("", "/"),
    ],
)
def test_the_login_leads_nowhere_else(keyed: FastAPI, asked: str, found: str) -> None:
    answer = ask(keyed, "POST", "/login", data={"key": KEY, "next": asked})
    assert answer.headers["location"] == found
    page = ask(keyed, "GET", "/login", params={"next": asked + '"><script>'})
    assert page.status_code == 200 and "<script>" not in page.text


def test_a_wrong_login(keyed: FastAPI) -> None:
    answer = ask(keyed, "POST", "/login", data={"key": "wrong-key"})
    assert answer.status_code == 401 and "set-cookie" not in answer.headers


def test_sessions_end_with_time_key_and_secret(tmp_path: Path) -> None:
    ring = KeyRing({"alice": KEY}, "k")
    sessions = Sessions(tmp_path, ring)
    cookie = sessions.open("alice", now=1000)
    assert sessions.owner(cookie, now=1001) == "alice"
    assert sessions.owner(cookie, now=1000 + LIFETIME_S) is None
    assert Sessions(tmp_path, KeyRing({"alice": OTHER}, "k")).owner(cookie, 1001) is None
    assert Sessions(tmp_path, ring).owner(cookie, now=1001) == "alice"  # another process
    assert Sessions(tmp_path / "other", ring).owner(cookie, now=1001) is None
    body, _, mac = cookie.partition(".")
    for forged in (
        f"{body}.{'0' * 64}",
        f"{body}.",
        body,
        f".{mac}",
        f"é.{mac}",
        f"{body}.é",
        "a" * 2000,
    ):
        assert sessions.owner(forged, now=1001) is None
    assert (tmp_path / "session.key").stat().st_mode & 0o777 == 0o600
    assert session_secret(tmp_path) == session_secret(tmp_path)


def test_secrets_are_in_no_representation(tmp_path: Path) -> None:
    settings = ServiceSettings(
        tmp_path,
        api_keys=KEYS,
        webhook_tokens=(TOKEN,),
        webhook_secrets=(SECRET,),
        jwt_key="k" * 32,
    )
    guard = Guard(settings)
    shown = (
        repr(settings) + repr(guard) + repr(guard.keys) + repr(guard.ways) + repr(guard.sessions)
    )
    for secret in (KEY, OTHER, TOKEN, SECRET, "k" * 32):
        assert secret not in shown


def test_a_socket(tmp_path: Path, keyed: FastAPI) -> None:
    with (
        TestClient(keyed, "http://127.0.0.1") as client,
        client.websocket_connect("/v1/socket", headers={"X-API-Key": KEY}) as socket,
    ):
        assert socket.receive_text() == "alice"
    attempts: list[dict[str, str]] = [
        {},
        {"X-API-Key": "wrong"},
        logged_in(keyed) | {"Origin": "http://evil.example"},
        logged_in(keyed),
    ]
    with TestClient(keyed, "http://127.0.0.1") as client:
        for headers in attempts:
            with (
                pytest.raises(WebSocketDisconnect),
                client.websocket_connect("/v1/socket", headers=headers),
            ):
                pass
    with (
        TestClient(gates(tmp_path), "http://127.0.0.1") as client,
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/v1/socket", headers={"Origin": "http://evil.example"}),
    ):
        pass


def hook(
    app: FastAPI, headers: dict[str, str], body: bytes = b"{}", **more: Any
) -> tuple[int, str]:
    answer = ask(app, "POST", "/webhook/tts", headers=headers, content=body, **more)
    said = answer.json()
    return answer.status_code, said["way"] if answer.status_code == 200 else said["code"]


def signed(body: bytes = b"{}", number: str = "m1", now: int | None = None) -> dict[str, str]:
    return signed_headers((SECRET,), number, int(time.time()) if now is None else now, body)


def test_webhooks_any_way(tmp_path: Path) -> None:
    app = gates(
        tmp_path,
        webhook_tokens=(TOKEN, "another-token"),
        webhook_secrets=(SECRET,),
        allow=("10.1.0.0/16", "fd00::/8"),
    )
    assert hook(app, {"X-Webhook-Token": TOKEN}) == (200, "token")
    assert hook(app, {"X-Webhook-Token": "another-token"}) == (200, "token")
    assert hook(app, signed()) == (200, "signature")
    assert hook(app, {}, peer="10.1.2.3") == (200, "address")
    assert hook(app, {}, peer="fd00::1") == (200, "address")
    assert hook(app, {}, peer="::ffff:10.1.2.3") == (200, "address")
    foreign = {"Origin": "http://evil.example"}
    assert hook(app, foreign, peer="10.1.2.3") == (403, "foreign_origin")
    assert hook(app, {"X-Webhook-Token": "wrong-token"}) == (401, "bad_token")
    assert hook(app, {}) == (403, "address_not_allowed")


def test_webhooks_all_ways(tmp_path: Path) -> None:
    app = gates(
        tmp_path,
        auth="all",
        webhook_tokens=(TOKEN,),
        webhook_secrets=(SECRET,),
        allow=("10.0.0.0/8",),
    )
    token = {"X-Webhook-Token": TOKEN}
    assert hook(app, signed() | token, peer="10.1.2.3")[0] == 200
    assert hook(app, signed(number="m2") | token, peer="11.1.2.3") == (403, "address_not_allowed")
    assert hook(app, signed(number="m2"), peer="10.1.2.3") == (401, "missing_token")
    assert hook(app, token, peer="10.1.2.3") == (401, "missing_signature")
    assert hook(app, {"X-API-Key": KEY}, peer="10.1.2.3")[0] == 401


def test_a_replayed_signature(tmp_path: Path) -> None:
    app = gates(tmp_path, webhook_secrets=(SECRET,))
    assert hook(app, signed()) == (200, "signature")
    assert hook(app, signed()) == (200, "signature")  # the same body: an order's key makes it one
    assert hook(app, signed(b"[]"), b"[]") == (401, "replayed")
    assert hook(app, signed(now=int(time.time()) - 301, number="m3")) == (401, "stale")
    twice = [*signed(number="m4").items(), ("webhook-id", "m5")]
    answer = ask(app, "POST", "/webhook/tts", headers=twice, content=b"{}")
    assert answer.status_code == 401


def test_a_webhook_without_ways_is_of_the_api(tmp_path: Path, keyed: FastAPI) -> None:
    assert hook(gates(tmp_path), {}) == (200, "local")
    assert hook(keyed, {"X-API-Key": KEY}) == (200, "key")
    assert hook(keyed, {}) == (401, "missing_api_key")


PROXIES = {"trusted_proxies": ("127.0.0.1", "10.9.0.0/16"), "allow": ("203.0.113.7",)}


@pytest.mark.parametrize(
    ("peer", "forwarded", "let_in"),
    [
        ("203.0.113.7", [], True),
        ("203.0.113.8", ["203.0.113.7"], False),  # not a proxy of ours
        ("127.0.0.1", ["203.0.113.7"], True),
        ("127.0.0.1", ["203.0.113.7, 10.9.1.1"], True),
        ("127.0.0.1", ["203.0.113.7", "10.9.1.1"], True),
        ("127.0.0.1", ["203.0.113.7, 198.51.100.1"], False),  # the client wrote the left one
        ("127.0.0.1", ["198.51.100.1", "203.0.113.7"], True),
        ("127.0.0.1", ["203.0.113.7", "198.51.100.1"], False),
        ("127.0.0.1", ["203.0.113.7, junk"], False),
        ("127.0.0.1", ["203.0.113.7, "], False),
        ("127.0.0.1", ["::ffff:203.0.113.7"], True),
        ("127.0.0.1", [], False),
    ],
)
def test_forged_addresses(tmp_path: Path, peer: str, forwarded: list[str], let_in: bool) -> None:
    app = gates(tmp_path, **PROXIES)
    headers = [("X-Forwarded-For", value) for value in forwarded]
    answer = ask(app, "POST", "/webhook/tts", headers=headers, peer=peer)
    assert answer.status_code == (200 if let_in else 403)


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_keys": {"a": "short"}},
        {"api_keys": {"local": KEY}},
        {"api_keys": {"webhook": KEY}},
        {"api_keys": {"a b": KEY}},
        {"api_keys": {"ä": KEY}},
        {"api_keys": {"a": "sha256:abc"}},
        {"webhook_tokens": ("x",)},
        {"webhook_secrets": ("whsec_AAAA",)},
        {"allow": ("10.0.0.1/8",)},
        {"allow": ("example.org",)},
        {"trusted_proxies": ("10.0.0.0/99",)},
        {"jwt_key": "short"},
        {"jwt_key": "k" * 32, "jwt_algorithm": "none"},
        {"jwt_key": "k" * 32, "jwt_algorithm": "HS512"},
        {"jwt_key": "k" * 32, "jwt_algorithm": "RS256"},
    ],
)
def test_settings_that_cannot_be_kept_are_refused_at_the_start(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InputError) as refused:
        Guard(ServiceSettings(tmp_path, **wrong))
    assert "short" not in str(refused.value).replace("too short", "")
