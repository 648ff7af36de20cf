"""Webhooks of other systems over HTTP, on orders in memory: verified, mapped, ordered, repeated."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_orders import FakeOrders
from live import make_desk

from castbook.errors import InputError
from service.app import create_app
from service.desk import Desk
from service.starting import LateOrders
from service.webhooks.sweeping import sweep, sweep_now_and_then
from tasks.hooks.deliverylog import Try, note_try

sys.path.insert(0, str(Path(__file__).parents[2] / "tasks" / "hooks"))
from hooked import (
    SECRET,
    ghost_headers,
    github_headers,
    hooks_with_template,
    recorded,
)

ROOMS = (
    "service.voices.room",
    "service.jobs.room",
    "service.webhooks.room",
    "service.security.room",
)
WHSEC = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OWN = """\
version: 1
signature: {scheme: token, secret: CASTBOOK_HOOK_OWN_SECRET}
id: /id
html: /html
author: [/author, "=A. Nobody"]
callback: /callback
template: tone
"""


@pytest.fixture
def orders() -> FakeOrders:
    return FakeOrders()


@pytest.fixture
def desk(tmp_path: Path, orders: FakeOrders, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in ("GHOST", "GITHUB", "OWN"):
        monkeypatch.setenv(f"CASTBOOK_HOOK_{name}_SECRET", SECRET)
    monkeypatch.delenv("CASTBOOK_HOOK_STANDARD_SECRET", raising=False)
    monkeypatch.delenv("CASTBOOK_HOOKS", raising=False)
    hooks_with_template(tmp_path / "hooks", OWN)
    return make_desk(
        tmp_path, orders, fetch_hosts=("h.test",), callback_secret=WHSEC, api_keys={"ann": "k" * 20}
    )


def post(desk: Desk, *posts: tuple[str, bytes, Mapping[str, str] | list[tuple[str, str]]]) -> Any:
    """The answers to requests, in order; of one, the answer."""

    async def run() -> list[httpx.Response]:
        app = create_app(desk, ROOMS)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            base = "http://127.0.0.1"
            async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                return [
                    await client.post(f"/webhook/{source}", content=body, headers=headers)
                    for source, body, headers in posts
                ]

    answers = asyncio.run(asyncio.wait_for(run(), 20))
    return answers if len(answers) > 1 else answers[0]


def own(**payload: Any) -> tuple[str, bytes, dict[str, str]]:
    said = {"id": "a1", "html": "<p>One. Two.</p>", **payload}
    return "own", json.dumps(said).encode(), {"X-Webhook-Token": SECRET}


def test_a_post_of_ghost_becomes_a_book(desk: Desk, orders: FakeOrders) -> None:
    body = recorded("ghost_post_published")
    first, again = post(
        desk,
        ("ghost", body, ghost_headers(body, time.time())),
        ("ghost", body, ghost_headers(body, time.time() + 1)),  # Ghost tries again
    )
    assert (first.status_code, again.status_code) == (202, 200)
    task = first.json()["task_id"]
    assert first.json() == again.json() == {"status": "accepted", "task_id": task, "taskId": task}
    assert first.headers["location"] == f"/v1/runs/{task}"
    (placed,) = orders.placed
    name = "ghost-67447438e61fb200012f48e0"
    assert (placed["kind"], placed["parameters"]["project"]) == ("book", name)
    assert placed["principal"] == "webhook:ghost"
    folder = desk.settings.data / "projects" / name
    assert (folder / "revisions" / placed["parameters"]["revision"]).is_file()
    assert "title: The Door & the Key" in (folder / "project.yaml").read_text("utf-8")


def test_another_body_of_the_same_id_is_a_revision(desk: Desk, orders: FakeOrders) -> None:
    first, second = post(desk, own(), own(html="<p>One. Three.</p>"))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["task_id"] != second.json()["task_id"]
    old, new = (placed["parameters"] for placed in orders.placed)
    assert old["project"] == new["project"] == "own-a1"
    assert old["revision"] < new["revision"]
    folder = desk.settings.data / "projects" / "own-a1"
    assert "Two" in (folder / "manuscript.html").read_text("utf-8")  # until its run begins


def test_a_release_of_github_and_a_ping(desk: Desk, orders: FakeOrders) -> None:
    body = recorded("github_release_published")
    ping = b'{"zen": "Keep it logically awesome.", "hook_id": 1}'
    done, ignored = post(
        desk,
        ("github", body, github_headers(body)),
        ("github", ping, github_headers(ping, event="ping")),
    )
    assert done.status_code == 202
    assert (ignored.status_code, ignored.json()["status"]) == (200, "ignored")
    assert len(orders.placed) == 1


def test_a_text_by_standard_webhooks(
    desk: Desk, orders: FakeOrders, monkeypatch: pytest.MonkeyPatch
) -> None:
    from castbook.signatures import signed_headers

    monkeypatch.setenv("CASTBOOK_HOOK_STANDARD_SECRET", WHSEC)
    payload = json.loads(recorded("standard_text_ready"))
    payload["data"]["callback"] = "https://h.test/done"
    body = json.dumps(payload).encode()
    signed = signed_headers([WHSEC], "m1", int(time.time()), body)
    answer = post(desk, ("standard", body, signed))
    assert answer.status_code == 202, answer.text
    said = orders.placed[0]["parameters"]
    assert orders.placed[0]["kind"] == "speech"
    assert (said["text"], said["voice"], said["id"]) == ("Good morning.", "oak", "n-17")
    assert said["callback"] == "https://h.test/done"
    assert said["output_name"].startswith("standard-n-17-")
    assert WHSEC not in str(orders.placed)


@pytest.mark.parametrize(
    ("source", "body", "headers", "status", "code"),
    [
        ("none", b"{}", {}, 404, "unknown_source"),
        ("..%2fghost", b"{}", {}, 400, "bad_path"),
        ("standard", b"{}", {}, 403, "source_closed"),  # its secret is not set
        ("own", b"{}", {}, 401, "missing_signature"),
        ("own", b"{}", {"X-Webhook-Token": "wrong"}, 401, "bad_token"),
        ("own", b"{}", [("X-Webhook-Token", SECRET)] * 2, 401, "missing_signature"),
        ("own", b"{", {"X-Webhook-Token": SECRET}, 422, "invalid"),
        ("own", b"[1]", {"X-Webhook-Token": SECRET}, 422, "invalid"),
        ("own", b"[" * 50_000, {"X-Webhook-Token": SECRET}, 422, "invalid"),
        ("own", own(callback="https://evil.test/x")[1], own()[2], 422, "host_not_allowed"),
        ("own", own(callback="http://169.254.169.254/")[1], own()[2], 422, "bad_scheme"),
        ("own", b"x" * (11 * 1024 * 1024), own()[2], 413, "body_too_large"),
        ("ghost", b"{}", {"X-Ghost-Signature": "sha256=00, t=1"}, 401, "stale"),
    ],
)
def test_what_is_refused_starts_and_leaves_nothing(
    desk: Desk,
    orders: FakeOrders,
    source: str,
    body: bytes,
    headers: Mapping[str, str],
    status: int,
    code: str,
) -> None:
    answer = post(desk, (source, body, headers))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert SECRET not in answer.text
    assert orders.placed == []
    projects = desk.settings.data / "projects"
    assert not projects.exists() or list(projects.iterdir()) == []


def test_a_source_whose_file_is_wrong_is_closed(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    file = desk.settings.data / "hooks" / "own.yaml"
    file.write_text("version: 2\n", "utf-8")
    answer = post(desk, own())
    assert (answer.status_code, answer.json()["code"]) == (403, "source_closed")
    assert str(desk.settings.data) not in answer.text
    assert f"{file}:1: version" in caplog.text


def test_guessing_costs(desk: Desk) -> None:
    guesses = [("own", b"{}", {"X-Webhook-Token": f"guess-{n}"}) for n in range(70)]
    codes = [answer.status_code for answer in post(desk, *guesses)]
    assert (codes[0], codes[-1]) == (401, 429)


def test_a_denied_book_is_not_ordered(desk: Desk, orders: FakeOrders) -> None:
    library = desk.settings.data / "library"
    library.mkdir(exist_ok=True)
    (library / "deny.txt").write_text("forbidden\nreview: strange\n", "utf-8")
    hidden, strange = "<p>for<b>bid</b>den</p>", "<p>A strange one.</p>"
    denied, seen = post(desk, own(html=hidden), own(html=strange))
    assert (denied.status_code, denied.json()["code"]) == (403, "denied")
    assert seen.status_code == 202
    (placed,) = orders.placed
    assert placed["parameters"]["review"] is True


def order(orders: FakeOrders, **changes: Any) -> str:
    placed = asyncio.run(
        orders.place("speech", {"text": "a", "callback": "https://h.test/x", "id": "n"}, trace="t")
    )
    if changes:
        orders.move(placed.order.id, **changes)
    return placed.order.id


def test_ends_that_nobody_was_told_are_told_once(orders: FakeOrders) -> None:
    now = datetime.now(UTC)
    long_ago, just_now = now - timedelta(minutes=10), now
    done = order(orders, state="completed", ended_at=long_ago)
    cancelled = order(orders, state="cancelled", ended_at=long_ago)
    order(orders)  # works still
    order(orders, state="failed", ended_at=just_now)  # places its own
    order(orders, state="failed", crashed=True, ended_at=long_ago)  # starts again by itself
    order(orders, state="failed", ended_at=now - timedelta(days=4))
    plain = asyncio.run(orders.place("book", {"project": "a"}))
    orders.move(plain.order.id, state="completed", ended_at=long_ago)
    orders.placed.clear()

    told: set[str] = set()
    assert asyncio.run(sweep(orders, told, now)) == 2
    assert asyncio.run(sweep(orders, told, now)) == 0
    assert asyncio.run(sweep(orders, set(), now)) == 0  # after a restart: the keys are the same
    said = {placed["key"]: placed["parameters"] for placed in orders.placed}
    assert set(said) == {f"deliver:{done}:speech.completed", f"deliver:{cancelled}:speech.failed"}
    data = said[f"deliver:{cancelled}:speech.failed"]["data"]
    assert (data["status"], data["error"], data["request_id"]) == ("failed", "cancelled", "n")
    assert said[f"deliver:{done}:speech.completed"]["data"]["trace"] == "t"


def test_a_server_that_is_away_or_still_starts_is_asked_again(
    orders: FakeOrders, caplog: pytest.LogCaptureFixture
) -> None:
    late = LateOrders()
    order(orders, state="completed", ended_at=datetime.now(UTC) - timedelta(minutes=10))
    orders.placed.clear()

    async def run() -> None:
        sweeping = asyncio.create_task(sweep_now_and_then(late, 0.01))
        await asyncio.sleep(0.05)
        assert caplog.text == ""  # still starting is no news
        orders.away = True
        late.open(orders)
        await asyncio.sleep(0.05)
        orders.away = False
        while not orders.placed:
            await asyncio.sleep(0.01)
        sweeping.cancel()

    asyncio.run(asyncio.wait_for(run(), 10))
    assert caplog.text.count("callbacks are not looked after") <= 1
    assert len(orders.placed) == 1


def test_a_secret_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, callback_secret="whsec_short")
    with pytest.raises(InputError, match="CASTBOOK_CALLBACK_SECRET") as refused:
        create_app(desk, ROOMS)
    assert "whsec_short" not in str(refused.value)


def test_the_tries_of_a_callback_are_shown(desk: Desk, orders: FakeOrders) -> None:
    task = order(orders)
    note_try(
        desk.settings.data,
        task,
        Try("2026-11-18T11:06:40Z", "speech.completed", 1, "delivered", 204, 12, "h.test"),
    )

    async def run() -> list[httpx.Response]:
        app = create_app(desk, ROOMS)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            key = {"X-API-Key": "k" * 20}
            return [
                await client.get(f"/v1/runs/{task}/deliveries", headers=key),
                await client.get("/v1/runs/none/deliveries", headers=key),
                await client.get(f"/v1/runs/{task}/deliveries"),
            ]

    shown, none, closed = asyncio.run(run())
    assert shown.json()["data"][0]["outcome"] == "delivered"
    assert (none.status_code, closed.status_code) == (404, 401)
