"""Jobs over HTTP, on orders in memory: what is accepted, refused, repeated, and shown."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fake_orders import FakeOrders
from live import make_desk

from service.app import create_app
from service.desk import Desk
from tasks.batches.booth import wish_digest
from tasks.batches.rows import read_row
from tasks.speech.outputs import Spoken, write_output
from tasks.speech.receipts import write_receipt

ROOMS = ("service.voices.room", "service.jobs.room", "service.security.room")


@asynccontextmanager
async def app_of(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, inside its lifespan."""
    app = create_app(desk, ROOMS)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client


def run(check: Callable[[httpx.AsyncClient], Any], desk: Desk) -> None:
    """Runs a check against the app of a desk."""

    async def main() -> None:
        async with app_of(desk) as client:
            await check(client)

    asyncio.run(asyncio.wait_for(main(), 20))


@pytest.fixture
def orders() -> FakeOrders:
    return FakeOrders()


@pytest.fixture
def desk(tmp_path: Path, orders: FakeOrders) -> Desk:
    return make_desk(tmp_path, orders)


def finish(desk: Desk, name: str, **row: Any) -> Path:
    """The output of a row, as a worker would leave it."""
    read = read_row({**row, "output_name": name})
    reading = desk.studio.read(read.wish)
    sound = Spoken(np.full(1600, 99, np.int16), reading.rate, {})
    folder = desk.settings.data / "outputs"
    return write_output(folder, name, "wav", sound, wish_digest(read, reading)).path


def test_a_webhook_is_one_task_however_often_it_comes(desk: Desk, orders: FakeOrders) -> None:
    async def check(client: httpx.AsyncClient) -> None:
        body = {"id": "n-1", "input_text": "Good morning.", "output_name": "n-1"}
        first = await client.post("/webhook/tts", json=body, headers={"X-Request-Id": "abc"})
        assert first.status_code == 202, first.text
        assert first.json()["status"] == "accepted"
        task = first.json()["task_id"]
        assert first.headers["Location"] == f"/v1/runs/{task}"
        assert first.headers["Retry-After"] == "2"

        again = await client.post("/webhook/tts", json=dict(reversed(body.items())))
        assert (again.status_code, again.json()) == (200, first.json())
        other = await client.post("/webhook/tts", json={**body, "input_text": "Good night."})
        assert other.status_code == 422
        assert "used before" in other.json()["detail"]
        assert len(orders.placed) == 1
        placed = orders.placed[0]
        assert placed["parameters"]["text"] == "Good morning."
        assert placed["parameters"]["output_name"] == "n-1"
        assert placed["key"] == "local:/webhook/tts:n-1"
        assert placed["trace"] == placed["parameters"]["trace"] != ""

    run(check, desk)


def test_what_is_finished_is_skipped_and_another_wish_of_its_name_refused(
    desk: Desk, orders: FakeOrders
) -> None:
    finish(desk, "done", text="Hello there.")

    async def check(client: httpx.AsyncClient) -> None:
        body = {"id": "done", "text": "Hello there.", "output_name": "done"}
        skipped = await client.post("/webhook/tts", json=body)
        assert skipped.status_code == 200
        assert skipped.json() == {"status": "skipped", "reason": "already exists"}
        other = await client.post("/webhook/tts", json={**body, "text": "Something else."})
        assert other.status_code == 422
        assert "output_name" in other.json()["detail"]
        assert not orders.placed

    run(check, desk)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "nothing to say"),
        ({"text": "  "}, "nothing to say"),
        ({"text": "a", "voice": "nobody at all"}, "nobody at all"),
        ({"text": "a", "input_text": "b"}, "says again"),
        ({"text": "a", "txet": "b"}, "txet"),
        ({"text": "a", "output_name": "../a"}, "output_name"),
        ({"text": "a", "speed": 9}, "speed"),
        ({"text": "a", "options": {"host": {"python": "/bin/sh"}}}, "options"),
        ({"text": "a", "audio_url": "https://example.org/a.wav"}, "audio_url"),
        ({"text": "a", "audio_url": "http://169.254.169.254/"}, "audio_url"),
        ({"text": 5}, "text"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_ordered(
    desk: Desk, orders: FakeOrders, body: dict[str, Any], says: str
) -> None:
    async def check(client: httpx.AsyncClient) -> None:
        for path in ("/api/synthesis", "/webhook/tts"):
            answer = await client.post(path, json=body)
            assert answer.status_code == 422, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert says in answer.json()["detail"]
        answer = await client.post("/v1/runs", json={"kind": "speech", **body})
        assert answer.status_code == 422
        assert says in answer.json()["error"]["message"]
        assert not orders.placed

    run(check, desk)


def test_a_task_is_seen_from_pending_to_its_sound(desk: Desk, orders: FakeOrders) -> None:
    async def check(client: httpx.AsyncClient) -> None:
        body = {"text": "Hello.", "output_name": "hello"}
        task = (await client.post("/api/synthesis", json=body)).json()["taskId"]
        seen = await client.get(f"/api/task/{task}")
        assert seen.json()["status"] == "pending"
        assert datetime.fromisoformat(seen.json()["createdAt"]).tzinfo is not None
        assert seen.headers["Retry-After"] == "2"
        early = await client.get(f"/v1/runs/{task}/audio")
        assert (early.status_code, early.json()["error"]["code"]) == (409, "not_finished")

        orders.move(task, state="processing", done=1, total=3)
        seen = await client.get(f"/api/task/{task}")
        assert seen.json()["progress"] == {"done": 1, "total": 3}

        path = finish(desk, "hello", text="Hello.")
        write_receipt(desk.settings.data, task, [path], pack=None)
        orders.move(task, state="completed", ended_at=datetime.now(UTC))
        seen = await client.get(f"/api/task/{task}")
        assert "Retry-After" not in seen.headers
        sound = await client.get(seen.json()["url"])
        assert sound.content == path.read_bytes()
        assert sound.headers["content-type"] == "audio/wav"
        assert sound.headers["content-disposition"] == 'attachment; filename="hello.wav"'
        part = await client.get(seen.json()["url"], headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, path.read_bytes()[4:8])
        tag = sound.headers["etag"]
        known = await client.get(seen.json()["url"], headers={"If-None-Match": tag})
        assert (known.status_code, known.content) == (304, b"")
        listed = (await client.get(f"/v1/runs/{task}/files")).json()["data"]
        assert [file["name"] for file in listed] == ["hello.wav"]
        assert (await client.get(listed[0]["url"])).content == path.read_bytes()
        for name in ("hello.json", "other.wav", "hello.wav.json"):
            assert (await client.get(f"/v1/runs/{task}/files/{name}")).status_code == 404

    run(check, desk)


def test_a_batch_gives_its_files_and_its_zip(desk: Desk, orders: FakeOrders) -> None:
    async def check(client: httpx.AsyncClient) -> None:
        body = {"kind": "batch", "rows": [{"text": "One.", "output_name": "one"}]}
        batch = (await client.post("/v1/runs", json=body)).json()["id"]
        files = f"/v1/runs/{batch}/files"
        assert (await client.get(files)).status_code == 409
        orders.move(batch, state="failed", message="1 of 2 made")
        assert (await client.get(files)).status_code == 404
        data = desk.settings.data
        path, zipped = finish(desk, "one", text="One."), data / "outputs" / "batch" / "b.zip"
        zipped.parent.mkdir()
        zipped.write_bytes(b"a zip")
        outside = data / "library" / "library.yaml"
        outside.parent.mkdir(exist_ok=True)
        outside.write_text("secret: 1", "utf-8")
        write_receipt(data, batch, [path, outside], folder=data / "outputs", pack=zipped)
        listed = (await client.get(files)).json()["data"]
        assert [(file["name"], file["bytes"]) for file in listed][1:] == [("b.zip", 5)]
        assert [file["name"] for file in listed] == ["one.wav", "b.zip"]  # nothing from outside
        assert (await client.get(f"{files}/b.zip")).headers["content-type"] == "application/zip"

    run(check, desk)


def test_a_book_gives_its_book_files(desk: Desk, orders: FakeOrders) -> None:
    sys.path.insert(0, str(Path(__file__).parents[2] / "flows"))
    from books_of_tone import write_book

    project = write_book(desk.settings.data / "projects" / "house")
    made = project / "build" / "out" / "A. Nobody" / "The House" / "The House.m4b"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"a book")

    async def check(client: httpx.AsyncClient) -> None:
        body = {"kind": "book", "project": "house"}
        book = (await client.post("/v1/runs", json=body)).json()["id"]
        orders.move(book, state="completed")
        listed = (await client.get(f"/v1/runs/{book}/files")).json()["data"]
        assert [file["name"] for file in listed] == ["A. Nobody/The House/The House.m4b"]
        assert (await client.get(listed[0]["url"])).content == b"a book"

    run(check, desk)


def test_moderators_deny_and_ask_for_a_person(desk: Desk, orders: FakeOrders) -> None:
    library = desk.settings.data / "library"
    library.mkdir(exist_ok=True)
    (library / "deny.txt").write_text("forbidden\nreview: doubtful\n", "utf-8")

    async def check(client: httpx.AsyncClient) -> None:
        async def post(*texts: str) -> httpx.Response:
            if len(texts) == 1:
                return await client.post("/webhook/tts", json={"text": texts[0]})
            rows = [{"text": text} for text in texts]
            return await client.post("/v1/runs", json={"kind": "batch", "rows": rows})

        for answer in (await post("A forbidden word."), await post("Fine.", "forbidden")):
            assert answer.status_code == 403
        assert not orders.placed
        for answer in (await post("A doubtful word."), await post("Fine.", "doubtful")):
            assert answer.status_code == 202
        assert [placed["parameters"]["review"] for placed in orders.placed] == [True, True]
        await post("Fine.")
        assert "review" not in orders.placed[-1]["parameters"]

    run(check, desk)


def test_a_failure_keeps_the_end_of_its_error_and_its_log(desk: Desk, orders: FakeOrders) -> None:
    async def check(client: httpx.AsyncClient) -> None:
        task = (await client.post("/api/synthesis", json={"text": "Hello."})).json()["taskId"]
        orders.move(task, state="failed", message="x" * 500 + " out of memory")
        orders.lines[task] = [f"line {number}" for number in range(300)]
        error = (await client.get(f"/api/task/{task}")).json()["error"]
        assert len(error) == 200
        assert error.endswith("out of memory")
        log = (await client.get(f"/v1/runs/{task}/log", params={"offset": 250})).json()
        assert [row["text"] for row in log["data"]] == [f"line {n}" for n in range(250, 300)]
        assert (await client.get(f"/v1/runs/{task}/audio")).status_code == 404

    run(check, desk)


def test_runs_are_listed_ended_and_resumed(desk: Desk, orders: FakeOrders) -> None:
    async def check(client: httpx.AsyncClient) -> None:
        ids = []
        for number in range(3):
            body = {"kind": "speech", "text": f"Text {number}.", "priority": "high"}
            ids.append((await client.post("/v1/runs", json=body)).json()["id"])
        assert orders.placed[0]["priority"] == "high"
        names = {placed["parameters"]["output_name"] for placed in orders.placed}
        assert len(names) == 3  # nobody named them: no two meet
        page = (await client.get("/v1/runs", params={"limit": 2})).json()
        assert [row["id"] for row in page["data"]] == ids[:0:-1]
        assert page["has_more"]

        ended = await client.delete(f"/v1/runs/{ids[0]}")
        assert (ended.status_code, ended.json()["status"]) == (202, "cancelled")
        found = (await client.get("/v1/runs", params={"status": "cancelled"})).json()
        assert [row["id"] for row in found["data"]] == [ids[0]]

        refused = await client.post(f"/v1/runs/{ids[1]}/resume")
        assert refused.status_code == 409
        orders.move(ids[1], paused=True)
        assert (await client.get(f"/v1/runs/{ids[1]}")).json()["paused"]
        resumed = await client.post(f"/v1/runs/{ids[1]}/resume")
        assert (resumed.status_code, resumed.json()["paused"]) == (200, False)
        for word in ("get", "delete"):
            assert (await client.request(word, "/v1/runs/nonsense")).status_code == 404
        assert (await client.get("/api/task/nonsense")).status_code == 404

    run(check, desk)


@pytest.mark.parametrize("form", [False, True])
def test_a_file_of_lines_becomes_a_batch(desk: Desk, orders: FakeOrders, form: bool) -> None:
    lines = b'{"text": "One."}\nnonsense\n{"text": "Two."}\n'

    async def post(client: httpx.AsyncClient, content: bytes, **headers: str) -> httpx.Response:
        if form:
            files = {"file": ("batch.jsonl", content)}
            return await client.post("/v1/batches", files=files, headers=headers)
        headers["Content-Type"] = "application/x-ndjson"
        return await client.post("/v1/batches", content=content, headers=headers)

    async def check(client: httpx.AsyncClient) -> None:
        key = {"Idempotency-Key": '"a key"'}
        first = await post(client, lines, **key)
        assert first.status_code == 202, first.text
        path = orders.placed[0]["parameters"]["path"]
        assert path.startswith("uploads/")
        assert (desk.settings.data / path).read_bytes() == lines
        assert orders.placed[0]["key"] == "local:/v1/batches:a key"
        again = await post(client, lines, **key)
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
        assert (await post(client, lines + lines, **key)).status_code == 422
        assert (await post(client, b"nonsense\n")).status_code == 422
        assert (await post(client, b"x" * (10 * 1024 * 1024 + 1))).status_code == 413
        assert len(orders.placed) == 1

    run(check, desk)


def test_books_are_named_by_what_stands_in_the_folders(desk: Desk, orders: FakeOrders) -> None:
    project = desk.settings.data / "projects" / "alice"
    project.mkdir(parents=True)
    (project / "project.yaml").write_text("version: 1\n", "utf-8")

    async def check(client: httpx.AsyncClient) -> None:
        body: dict[str, Any] = {"kind": "book", "project": "alice", "only": ["failed"]}
        assert (await client.post("/v1/runs", json=body)).status_code == 202
        assert orders.placed[0]["parameters"]["only"] == ["failed"]
        for name in ("bob", "../projects/alice", str(project), ".", "alice/", "alice\0"):
            answer = await client.post("/v1/runs", json={**body, "project": name})
            assert answer.status_code == 422, name
        chapter = {"kind": "chapter", "project": "alice", "number": 0}
        assert (await client.post("/v1/runs", json=chapter)).status_code == 422
        rows = {"kind": "batch", "rows": [{"text": "One."}, {"text": ""}]}
        assert (await client.post("/v1/runs", json=rows)).status_code == 202
        assert len(orders.placed) == 2

    run(check, desk)


@pytest.mark.parametrize("key", ["", '"open', "two words", "é", "x" * 256])
def test_a_key_that_is_none_is_refused(desk: Desk, key: str) -> None:
    async def check(client: httpx.AsyncClient) -> None:
        headers = [(b"Idempotency-Key", key.encode("latin-1"))]
        answer = await client.post("/api/synthesis", json={"text": "a"}, headers=headers)
        assert answer.status_code == 400

    run(check, desk)


def test_away_and_absent_servers_are_503_with_a_time(desk: Desk, orders: FakeOrders) -> None:
    async def check(client: httpx.AsyncClient) -> None:
        for answer in (
            await client.post("/webhook/tts", json={"text": "a"}),
            await client.get("/v1/runs"),
            await client.get("/api/task/1"),
        ):
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0

    orders.away = True
    run(check, desk)
    desk.orders = None
    run(check, desk)


def test_principals_have_keys_of_their_own(tmp_path: Path, orders: FakeOrders) -> None:
    desk = make_desk(tmp_path, orders, api_keys={"ann": "key-of-ann", "bob": "key-of-bob"})

    async def check(client: httpx.AsyncClient) -> None:
        ids = set()
        for name in ("ann", "bob"):
            headers = {"Authorization": f"Bearer key-of-{name}", "Idempotency-Key": "same"}
            answer = await client.post("/api/synthesis", json={"text": name}, headers=headers)
            assert answer.status_code == 202
            ids.add(answer.json()["taskId"])
            mine = await client.get("/v1/runs", params={"mine": True}, headers=headers)
            assert [row["principal"] for row in mine.json()["data"]] == [name]
        assert len(ids) == 2
        assert (await client.get("/v1/runs")).status_code == 401

    run(check, desk)


def test_callbacks_go_to_allowed_hosts_only(tmp_path: Path, orders: FakeOrders) -> None:
    secret = "whsec_" + base64.b64encode(bytes(32)).decode()
    hosts = ("hooks.example.org",)
    desk = make_desk(tmp_path, orders, fetch_hosts=hosts, callback_secret=secret)

    async def check(client: httpx.AsyncClient) -> None:
        for wrong in ("https://other.example.org/", "http://hooks.example.org/", "nonsense", 5):
            body = {"text": "a", "callback": wrong}
            answer = await client.post("/webhook/tts", json=body)
            assert answer.status_code == 422, wrong
            assert answer.json()["param"] == "callback"
            answer = await client.post("/v1/runs", json={"kind": "speech", **body})
            assert answer.status_code == 422
        right = "https://hooks.example.org/done"
        for name in ("callback", "callback_url"):
            assert (await client.post("/webhook/tts", json={"text": "a", name: right})).is_success
        rows = {"kind": "batch", "rows": [{"text": "a"}], "callback": right}
        assert (await client.post("/v1/runs", json=rows)).is_success
        assert [placed["parameters"]["callback"] for placed in orders.placed] == [right] * 3

    run(check, desk)


def test_texts_stand_in_no_answer_and_no_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def check(client: httpx.AsyncClient) -> None:
        caplog.set_level("INFO", "castbook.orders")
        body = {"kind": "speech", "text": "A secret sentence."}
        placed = await client.post("/v1/runs", json=body)
        listed = await client.get("/v1/runs")
        assert "secret" not in placed.text + listed.text + caplog.text
        trace = placed.json()["trace"]
        assert f"RECEIVED trace={trace}" in caplog.text
        assert f"WRITTEN trace={trace} run={placed.json()['id']}" in caplog.text
        assert json.loads(placed.text)["kind"] == "speech"

    run(check, desk)
