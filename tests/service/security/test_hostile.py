"""Every request of hostile.yaml, against the whole app, gets the answer that the table says."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import jwt
import pytest
import yaml
from fake_orders import FakeOrders
from fastapi import FastAPI
from gates import KEY, SECRET, TOKEN
from live import make_desk
from payloads import form, made
from starlette.types import Message

from castbook.signatures import signed_headers
from service.app import create_app

T = TypeVar("T")
JWT_KEY = "k" * 32
OTHER_SECRET = "whsec_" + "A" * 43
NUMBERS = itertools.count()
BOMBS = [
    ("yaml", "project.yaml", "yaml_bomb"),
    ("epub", "book.epub", "zip_bomb"),
    ("docx", "book.docx", "zip_slip"),
    ("xml", "book.html", "xml_bomb"),
]
SETTINGS: dict[str, dict[str, Any]] = {
    "open": {},
    "keyed": {"api_keys": {"alice": KEY}, "fetch_hosts": ("clips.example.org", "localhost")},
    "hooks": {
        "webhook_tokens": (TOKEN,),
        "webhook_secrets": (SECRET,),
        "jwt_key": JWT_KEY,
        "allow": ("203.0.113.7",),
        "trusted_proxies": ("10.9.0.0/16",),
    },
}


def table() -> list[dict[str, Any]]:
    written = yaml.safe_load(Path(__file__).with_name("hostile.yaml").read_text("utf-8"))
    rows = []
    for group in written:
        shared = {k: v for k, v in group.items() if k not in ("requests",)}
        for number, request in enumerate(group["requests"], 1):
            rows.append({**shared, **request, "id": f"{shared['what']}-{number}"})
    return rows


ROWS = table()


class House:
    """One app of each kind, their lifespans open, on one loop."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self.folder = folder
        self.apps: dict[str, FastAPI] = {}
        self.runs: dict[str, dict[str, str]] = {}
        self._ended = asyncio.Event()
        self._held: list[asyncio.Task[None]] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def open(self) -> None:
        for kind, settings in SETTINGS.items():
            data = self.folder / kind
            orders = FakeOrders()
            desk = make_desk(data, orders, rate=0, **settings)
            self.apps[kind] = create_app(desk)
            opened = asyncio.Event()
            self._held.append(asyncio.create_task(self._hold(self.apps[kind], opened)))
            await asyncio.wait_for(opened.wait(), 20)
            data.mkdir(exist_ok=True)
            (data / "session.key").write_bytes(bytes(32))  # what paths would lead to
            write_book(data / "projects" / "alice")
            for name, file, content in BOMBS:
                write_book(data / "projects" / name, file)
                (data / "projects" / name / file).write_bytes(made(content))
            (data / "projects" / "alice" / "build" / "out").mkdir(parents=True)
            (data / "projects" / "alice" / "build" / "out" / "link").symlink_to(
                data / "session.key"
            )
            (data / "projects" / "linked").symlink_to("/etc")
            running = (await orders.place("speech", {})).order
            done = (await orders.place("speech", {"output_name": "../../session.key"})).order
            orders.orders[done.id] = replace(orders.orders[done.id], state="completed")
            self.runs[kind] = {"run": running.id, "done": done.id}

    async def _hold(self, app: FastAPI, opened: asyncio.Event) -> None:
        async with app.router.lifespan_context(app):
            opened.set()
            await self._ended.wait()

    async def close(self) -> None:
        self._ended.set()
        await asyncio.gather(*self._held)

    @contextlib.contextmanager
    def standing(self) -> Iterator[House]:
        with self._runner:
            self.run(self.open())
            yield self
            self.run(self.close())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("hostile")).standing() as standing:
        yield standing


def write_book(folder: Path, manuscript: str = "story.md") -> None:
    """One chapter, one voice."""
    folder.mkdir(parents=True)
    (folder / "story.md").write_text("# The Door\n\nNobody lived there.\n", "utf-8")
    said = {"version": 1, "title": "Alice", "author": "A", "language": "en", "engine": "tone"}
    voices = {
        "manuscript": manuscript,
        "narrator": "teller",
        "voices": {"teller": {"preset": "willow"}},
    }
    (folder / "project.yaml").write_text(yaml.safe_dump({**said, **voices}), "utf-8")


def spelled(value: Any) -> Any:
    """``{repeat: [text, n]}`` spelled out."""
    if isinstance(value, dict) and set(value) == {"repeat"}:
        return value["repeat"][0] * value["repeat"][1]
    return value


def body_of(row: dict[str, Any]) -> tuple[bytes, str]:
    """Body and content type."""
    kind = row.get("type", "")
    if "made" in row:
        return made(row["made"]), kind
    if "body" in row:
        encoding = "latin-1" if row["body"].isprintable() is False else "utf-8"
        return row["body"].encode(encoding), kind
    if "file" in row or "form" in row:
        fields = {k: spelled(v) for k, v in {**row.get("form", {}), **row.get("set", {})}.items()}
        return form(fields, row.get("file")), kind or "multipart/form-data; boundary=x"
    if "json" in row:
        said = {**row["json"], **{k: spelled(v) for k, v in row.get("set", {}).items()}}
        return json.dumps(said).encode(), kind or "application/json"
    return b"", kind


def signature(told: dict[str, Any], body: bytes) -> dict[str, str]:
    secret = OTHER_SECRET if told.get("secret") == "other" else SECRET
    at = int(time.time()) - told.get("age", 0)
    signed = body + b" " if told.get("alter") else body
    return {**signed_headers((secret,), f"m{next(NUMBERS)}", at, signed), **told.get("set", {})}


def token(told: dict[str, Any], body: bytes) -> str:
    now = int(time.time()) - told.get("age", 0)
    claims = {
        "iat": now,
        "exp": now + 60,
        "jti": f"n{next(NUMBERS)}",
        "body_sha256": hashlib.sha256(body).hexdigest(),
        **told.get("claims", {}),
    }
    claims.pop(told.get("without", ""), None)
    if str(told.get("alg", "HS256")).lower() == "none":
        made_none: str = jwt.encode(claims, None, "none")
        head, rest = made_none.split(".", 1)
        assert head  # its own header, with the spelling that is tested
        spelled_head = jwt.utils.base64url_encode(json.dumps({"alg": told["alg"]}).encode())
        return f"{spelled_head.decode()}.{rest}"
    key = {"other": "x" * 64, "empty": "\0" * 64}.get(told.get("key", ""), JWT_KEY)
    algorithm = told.get("alg", "HS256")
    if algorithm == "HS512":
        key = key * 2
    made_token: str = jwt.encode(claims, key, algorithm, headers=told.get("header"))
    return made_token


def headers_of(row: dict[str, Any], body: bytes, kind: str) -> list[tuple[bytes, bytes]]:
    told = row.get("headers", {})
    pairs = list(told.items()) if isinstance(told, dict) else told
    given = [(name.lower(), spelled(value)) for name, value in pairs]
    given += [(f"x-{n}", "a") for n in range(row.get("many_headers", 0))]
    if "sign" in row:
        given += list(signature(row["sign"], body).items())
    if "jwt" in row:
        given.append(("authorization", f"Bearer {token(row['jwt'], body)}"))
    names = {name for name, _ in given}
    if kind and "content-type" not in names:
        given.append(("content-type", kind))
    if body and not row.get("chunked") and "content-length" not in names:
        given.append(("content-length", str(len(body))))
    if "host" not in names:
        given.append(("host", "127.0.0.1:7860"))
    return [(name.encode(), str(value).encode("utf-8")) for name, value in given]


async def ask(app: FastAPI, row: dict[str, Any], body: bytes, headers: list[tuple[bytes, bytes]],
              runs: dict[str, str]) -> tuple[int, bytes]:  # fmt: skip
    method, _, target = row["ask"].partition(" ")
    target = target.format_map(runs) if re.search(r"\{(run|done)\}", target) else target
    raw, _, query = target.encode().partition(b"?")
    query += spelled({"repeat": row["repeat_query"]}).encode() if "repeat_query" in row else b""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
        "raw_path": raw,
        "query_string": query,
        "root_path": "",
        "scheme": "http",
        "headers": headers,
        "client": (row.get("peer", "127.0.0.1"), 40000),
        "server": ("127.0.0.1", 7860),
        "state": {},
    }
    size = 256 * 1024
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    sent: list[Message] = []

    async def messages() -> AsyncIterator[Message]:
        for number, piece in enumerate(pieces, 1):
            yield {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        while True:
            await asyncio.sleep(5)
            yield {"type": "http.disconnect"}

    stream = messages()

    async def receive() -> Message:
        return await anext(stream)

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(20):
        await app(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], content


def code_of(content: bytes) -> str:
    try:
        said = json.loads(content)
    except ValueError:
        return "-"
    found: str = said["error"]["code"] if "error" in said else said.get("code", "-")
    return found


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_hostile(house: House, row: dict[str, Any]) -> None:
    app, runs = house.apps[row["app"]], house.runs[row["app"]]
    body, kind = body_of(row)
    headers = headers_of(row, body, kind)

    def again(content: bytes) -> tuple[int, bytes]:
        return house.run(ask(app, row, content, headers, runs))

    if "replay_with" in row.get("sign", {}):
        assert again(body)[0] in (200, 202)
        number = dict(headers)[b"webhook-id"].decode()
        body = row["sign"]["replay_with"].encode()
        fresh = signed_headers((SECRET,), number, int(time.time()), body)
        headers = headers_of({}, body, kind) + [(k.encode(), v.encode()) for k, v in fresh.items()]
    elif row.get("jwt", {}).get("replay"):
        assert again(body)[0] in (200, 202)
    status, content = again(body)
    statuses, _, code = str(row["answer"]).partition(" ")
    assert str(status) in statuses.split("|"), content[:500]
    if code:
        assert code_of(content) == code, content[:500]
    assert row.get("says", "").encode() in content, content
    check_innocence(house.folder, content)
    assert content.startswith(b"{") or b"<script>alert" not in content


def check_innocence(folder: Path, content: bytes) -> None:
    """Nothing of our insides in the answer."""
    for secret in (KEY, TOKEN, SECRET, JWT_KEY, str(folder), "Traceback", "root:x:0", ".py"):
        assert secret.encode() not in content, secret


def test_no_log_has_a_secret(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tries = [
        ("keyed", {"ask": "POST /v1/engine/unload", "headers": {"X-API-Key": KEY}}, 200),
        ("keyed", {"ask": f"GET /v1/models?api_key={KEY}"}, 401),
        ("keyed", {"ask": "GET /v1/models", "headers": {"X-API-Key": "wrong-but-secret"}}, 401),
        ("hooks", {"ask": "POST /webhook/tts", "headers": {"X-Webhook-Token": TOKEN}}, 422),
        ("hooks", {"ask": "POST /webhook/tts", "jwt": {"key": "other"}}, 401),
    ]
    for kind, row, status in tries:
        headers = headers_of(row, b"", "")
        assert house.run(ask(house.apps[kind], row, b"", headers, {}))[0] == status
    said = repr([vars(record) for record in caplog.records])
    assert "/v1/engine/unload" in said and "alice" in said
    for secret in (KEY, TOKEN, SECRET, JWT_KEY, "wrong-but-secret"):
        assert secret not in said


def test_the_table_is_as_long_as_it_is_said_to_be() -> None:
    assert len(ROWS) >= 150
    assert len({row["id"] for row in ROWS}) == len(ROWS)


def test_nothing_was_written_that_was_refused(house: House) -> None:
    """After all of them: no file stands outside the folders that requests may fill."""
    for kind in SETTINGS:
        found = {
            path.relative_to(house.folder / kind).parts[0]
            for path in (house.folder / kind).iterdir()
        }
        assert found <= {"session.key", "library", "uploads", "outputs", "takes", "projects"}, found
    assert {path.name for path in house.folder.iterdir()} == set(SETTINGS)
