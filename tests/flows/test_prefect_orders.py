"""Orders on a real Prefect server over PostgreSQL, through the service, with a real worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import free_port
from databases import running_postgres
from prefect import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Crashed

from castbook.errors import EnvironmentFault, Unavailable
from flows.automations import resume_crashed
from flows.orders.client import PrefectOrders
from flows.orders.port import KeyReused, OrderRefused
from flows.orders.slots import Slots
from flows.server import Child, Server, register, running_server, running_worker
from flows.tether import descendants

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300), pytest.mark.xdist_group("prefect")]

ROOT = Path(__file__).parents[2]
LIBRARY = "version: 1\nengine: tone\nengines:\n  tone: {rate: 16000, cost_ms: 300}\n"


@dataclass
class Site:
    """A Prefect server on PostgreSQL, the service before it, and what a worker needs."""

    server: Server
    address: str
    data: Path
    environment: dict[str, str]
    worker: Child


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    sys.path.insert(0, str(ROOT / "tests" / "service"))
    from live import live, make_desk

    from service.app import create_app

    data = tmp_path_factory.mktemp("data")
    (data / "library").mkdir()
    (data / "library" / "library.yaml").write_text(LIBRARY, "utf-8")
    home = tmp_path_factory.mktemp("prefect")
    with running_postgres(free_port()) as database, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", database)
        with running_server(free_port(), home) as server:
            register(server, slots=2)
            orders = PrefectOrders(server.api_url)
            rooms = ("service.voices.room", "service.jobs.room", "service.security.room")
            with live(create_app(make_desk(data, orders), rooms)) as address:
                path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
                environment = {
                    **server.environment,
                    "CASTBOOK_DATA": str(data),
                    "CASTBOOK_ENGINE": "tone",
                    "CASTBOOK_SLOTS": "2",
                    "PYTHONPATH": path,
                }
                with running_worker(environment) as worker:
                    yield Site(server, address, data, environment, worker)


def follow(site: Site, run: str, last: str = "", enough: int = 1000) -> list[dict[str, Any]]:
    """Events of a run until its end, or until there are ``enough``."""
    heard: list[dict[str, Any]] = []
    headers = {"Last-Event-ID": last} if last else {}
    url = f"{site.address}/v1/runs/{run}/events"
    with httpx.stream("GET", url, headers=headers, timeout=90) as answer:
        assert answer.status_code == 200
        block: dict[str, Any] = {}
        for line in answer.iter_lines():
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                block[name] = json.loads(value) if name == "data" else value
            elif block:
                heard.append(block)
                block = {}
                if len(heard) == enough:
                    break
    return heard


def test_twenty_at_once_with_one_key_are_one_run_spoken_once(site: Site) -> None:
    body = {"id": "hello", "text": "Good morning. It is cold.", "output_name": "hello"}
    url = f"{site.address}/webhook/tts"
    with ThreadPoolExecutor(20) as threads:
        trace = {"X-Request-Id": "trace-of-this-test"}
        posts = [
            threads.submit(httpx.post, url, json=body, headers=trace, timeout=30) for _ in range(20)
        ]
        answers = [post.result() for post in posts]
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    (task,) = {answer.json()["task_id"] for answer in answers}
    other = httpx.post(url, json={**body, "text": "Good night."}, timeout=30)
    assert other.status_code == 422

    first = follow(site, task, enough=2)
    assert first[0]["event"] == "snapshot"
    rest = follow(site, task, last=first[-1]["id"])
    ids = [event["id"] for event in (*first, *rest)]
    assert len(set(ids)) == len(ids)
    words = [event["data"]["state"] for event in (*first, *rest) if event["event"] == "state"]
    assert words[-1] == "completed"
    assert "processing" in words
    assert {"done": 1, "total": 1} in [event["data"] for event in rest]
    seen = httpx.get(f"{site.address}/api/task/{task}", timeout=30).json()
    assert (seen["status"], seen["progress"]) == ("completed", {"done": 1, "total": 1})
    sound = httpx.get(site.address + seen["url"], timeout=30)
    assert sound.content == (site.data / "outputs" / "hello.wav").read_bytes()
    assert [path.name for path in (site.data / "outputs").glob("*.wav")] == ["hello.wav"]
    log = httpx.get(f"{site.address}{seen['log']}", timeout=30).text
    run = httpx.get(f"{site.address}/v1/runs/{task}", timeout=30).json()
    assert run["trace"] in log  # from the request to the flow's log
    manifest = json.loads((site.data / "outputs" / "hello.json").read_text("utf-8"))
    assert manifest["trace"] == run["trace"]
    again = httpx.post(url, json=body, timeout=30)
    assert again.json() == {"status": "skipped", "reason": "already exists"}


def test_a_worker_that_is_killed_costs_no_row_and_none_is_made_twice(site: Site) -> None:
    rows = [{"text": f"This is row {n}.", "output_name": f"row{n}"} for n in range(12)]
    body = {"kind": "batch", "rows": rows}
    run = httpx.post(f"{site.address}/v1/runs", json=body, timeout=30).json()["id"]
    outputs = site.data / "outputs" / "batch"
    wait_for(lambda: len(list(outputs.glob("*/row*.wav"))) >= 3)
    doomed = descendants(site.worker.process.pid)
    os.kill(doomed[0], signal.SIGKILL)  # the worker itself; its tether ends the rest
    site.worker.process.wait(20)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in doomed))
    made = {path: path.stat().st_mtime_ns for path in outputs.glob("*/row*.wav")}
    assert 3 <= len(made) < 12
    # what the automation does when three heartbeats are missing, 90 s from now
    with (
        temporary_settings({PREFECT_API_URL: site.server.api_url}),
        get_client(sync_client=True) as client,
    ):
        client.set_flow_run_state(run, Crashed(message="no heartbeat"))
    assert resume_crashed(site.server.api_url, "local", timedelta(0))
    with running_worker(site.environment):
        follow(site, run)
    seen = httpx.get(f"{site.address}/v1/runs/{run}", timeout=30).json()
    assert (seen["status"], seen["progress"]) == ("completed", {"done": 12, "total": 12})
    now = {path: path.stat().st_mtime_ns for path in outputs.glob("*/row*.wav")}
    assert len(now) == 12
    assert {path: now[path] for path in made} == made
    files = httpx.get(f"{site.address}/v1/runs/{run}/files", timeout=30).json()["data"]
    assert len(files) == 13
    assert files[-1]["name"].endswith(".zip")


def test_one_more_than_there_are_slots_waits(site: Site) -> None:
    # not gpu:0: the run that was killed holds a slot of that until its lease ends, in a minute
    mine = Slots(site.server.api_url, "gpu:mine", patience_s=0.2)
    mine.ensure(2)
    inside, most, done = 0, 0, 0
    lock = threading.Lock()

    def hold(_: int) -> None:
        nonlocal inside, most, done
        slots = Slots(site.server.api_url, "gpu:mine")  # as another process would
        with closing(slots), slots.one():
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.1)
            with lock:
                inside -= 1
                done += 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(hold, range(8)))
    assert done == 8
    assert most <= 2

    with mine.one(), mine.one(), pytest.raises(Unavailable, match="busy"), mine.one():
        pass
    with mine.one():  # all were given back
        pass
    mine.close()
    none = closing(Slots(site.server.api_url, "gpu:9"))
    with pytest.raises(EnvironmentFault, match="no limit gpu:9"), none as unknown, unknown.one():
        pass


def test_what_the_client_promises(site: Site) -> None:
    async def check() -> None:
        orders = PrefectOrders(site.server.api_url)
        said = {"text": "Later.", "output_name": "later"}
        later = datetime.now(UTC) + timedelta(hours=1)  # so that no worker takes it meanwhile
        placed = await orders.place(
            "speech",
            said,
            key="k",
            body_sha256="a",
            principal="ann",
            trace="t",
            priority="high",
            at=later,
        )
        assert placed.new
        with pytest.raises(KeyReused):
            await orders.place("speech", said, key="k", body_sha256="b")
        with pytest.raises(OrderRefused):
            await orders.place("speech", {"output_name": "no text"})
        template = {"__prefect_kind": "jinja", "template": "{{ 1 + 1 }}"}
        with pytest.raises(OrderRefused):
            await orders.place("speech", {"text": "a", "options": template})
        found = await orders.find(principal="ann", states=("pending",))
        assert [(order.id, order.kind, order.trace) for order in found] == [
            (placed.order.id, "speech", "t")
        ]
        ended = await orders.cancel(placed.order.id)
        assert ended is not None
        assert ended.state == "cancelled"
        assert await orders.get("no id") is None
        assert (await orders.census()).runs["cancelled"] >= 1
        await orders.close()
        assert await orders.healthy()  # opened again
        await orders.close()
        away = PrefectOrders(f"http://127.0.0.1:{free_port()}/api", patience_s=3.0)
        with pytest.raises(Unavailable):
            await away.place("speech", said)
        assert not await away.healthy()
        await away.close()

    asyncio.run(check())


def wait_for(check: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
