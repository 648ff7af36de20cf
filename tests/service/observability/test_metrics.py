from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from castbook.tracing import current_trace
from service.app import create_app
from service.desk import Desk
from service.observability import machine
from service.observability.meters import Meters
from service.observability.speechmeter import SpeechMeter
from service.settings import ServiceSettings
from tasks.shelf.shelf import Shelf
from tasks.speech.studio import Studio

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NAMES = {  # service.md, section 6, with the labels of each
    "audiobook_http_requests_total": {"route", "method", "code"},
    "audiobook_http_request_duration_seconds": set(),
    "audiobook_tts_first_chunk_seconds": set(),
    "audiobook_tts_segment_duration_seconds": {"stage"},
    "audiobook_tts_real_time_factor": set(),
    "audiobook_tts_characters_total": set(),
    "audiobook_segments_total": {"outcome"},
    "audiobook_flow_runs": {"state"},
    "audiobook_queue_depth": set(),
    "audiobook_gpu_memory_used_bytes": {"gpu"},
    "audiobook_gpu_memory_total_bytes": {"gpu"},
    "audiobook_webhook_deliveries_total": {"outcome"},
    "audiobook_archive_last_success_timestamp_seconds": set(),
    "audiobook_build_info": {"version", "python"},
}


def make_desk(data: Path, **settings: Any) -> Desk:
    shelf = Shelf(data / "library", "tone")
    return Desk(ServiceSettings(data=data, **settings), shelf, Studio(shelf), None)


def make_app(desk: Desk) -> FastAPI:
    """An app with this room alone, and three routes that the tests below need."""
    with patch("service.app.ROOMS", ("service.observability.room",)):
        app = create_app(desk)

    @app.get("/tests/{name}/trace")
    async def told(name: str) -> dict[str, str]:
        return {"trace": current_trace()}

    @app.get("/tests/broken")
    async def broken() -> None:
        raise RuntimeError("unforeseen: the secret text")

    @app.get("/tests/cut")
    async def cut() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("in the middle")

        return StreamingResponse(body())

    return app


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return make_desk(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def app(desk: Desk) -> FastAPI:
    return make_app(desk)


def get(app: FastAPI, path: str, peer: str = "127.0.0.1", **more: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(peer, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path, **more)

    return asyncio.run(ask())


def samples(desk: Desk) -> Iterator[tuple[str, dict[str, str], float]]:
    text = generate_latest(desk.part(Meters).registry).decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def value(desk: Desk, name: str, **labels: str) -> float:
    found = [v for n, have, v in samples(desk) if n == name and have == labels]
    return found[0] if found else 0.0


def test_every_promised_metric_is_there_with_its_labels(
    desk: Desk, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = desk.settings.data / "archive" / "last_success.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text('{"at": 1700000000}')
    monkeypatch.setattr(machine, "gpu_memory", lambda: (machine.GpuMemory("0", 6, 8),))
    with_jobs = dataclasses.replace(desk, parts={Meters: Meters(desk.settings)})
    meters = with_jobs.part(Meters)
    meters.flow_runs.labels("pending").set(2)
    meters.requests.labels("/", "GET", "200").inc()
    meters.speech.spoken(5, 1.0, 0.5, {"mel": 0.1})
    have = {name: set(labels) - {"le"} for name, labels, _ in samples(with_jobs)}
    for name, labels in NAMES.items():
        shown = name if name in have else f"{name}_count"
        assert have.get(shown) == labels, name
    assert value(desk, "audiobook_archive_last_success_timestamp_seconds") == 1.7e9
    assert value(desk, "audiobook_gpu_memory_used_bytes", gpu="0") == 6
    assert value(desk, "audiobook_data_free_bytes") > 0


def test_an_archive_that_never_worked_is_waited_for(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    desk.parts[Meters] = Meters(desk.settings, archives=True)
    shown = value(desk, "audiobook_archive_last_success_timestamp_seconds")
    assert 0 <= time.time() - shown < 60


def test_what_is_not_there_is_absent_not_zero(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    make_app(desk)
    names = {name for name, _, _ in samples(desk)}
    assert "audiobook_archive_last_success_timestamp_seconds" not in names
    assert not {"audiobook_queue_depth", "audiobook_orders_up"} & names  # no jobs, no alarm
    if not machine.gpu_memory():
        assert "audiobook_gpu_memory_used_bytes" not in names


def test_a_route_is_counted_by_its_template(desk: Desk, app: FastAPI) -> None:
    for name in ("a", "b"):
        get(app, f"/tests/{name}/trace?text=private")
    for path in ("/wp-login.php", "/x/y"):
        assert get(app, path).status_code == 404
    route = {"method": "GET", "code": "200", "route": "/tests/{name}/trace"}
    assert value(desk, "audiobook_http_requests_total", **route) == 2
    routes = {labels["route"] for name, labels, _ in samples(desk) if "route" in labels}
    assert not any("wp-login" in route or "private" in route for route in routes)
    assert "unmatched" in routes


@pytest.mark.parametrize(
    ("headers", "trace", "parent"),
    [
        ({"traceparent": TRACEPARENT}, "4bf92f3577b34da6a3ce929d0e0e4736", True),
        ({"X-Request-Id": "order-7"}, "order-7", False),
        ({"X-Request-Id": "bad id\twith tab"}, None, True),
        ({}, None, True),
    ],
)
def test_one_trace_from_the_request_to_the_answer(
    app: FastAPI, headers: dict[str, str], trace: str | None, parent: bool
) -> None:
    answer = get(app, "/tests/a/trace", headers=headers)
    inside = answer.json()["trace"]
    assert answer.headers["X-Request-Id"] == inside
    assert inside == trace if trace else len(inside) == 32
    assert (f"00-{inside}-" in answer.headers.get("traceparent", "")) is parent
    assert current_trace() == ""


def test_what_nobody_foresaw_is_answered_logged_and_counted(
    desk: Desk, app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "castbook.http"):
        answer = get(app, "/tests/broken", headers={"X-Request-Id": "r1"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["X-Request-Id"] == "r1"
    (record,) = (r for r in caplog.records if r.name == "castbook.http")
    assert record.levelname == "ERROR"
    assert record.exc_info
    assert value(
        desk, "audiobook_http_requests_total", route="/tests/broken", method="GET", code="500"
    )


def test_half_an_answer_is_cut_not_ended(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "castbook.http"):
        get(app, "/tests/a/trace")
        with pytest.raises(RuntimeError, match="in the middle"):
            get(app, "/tests/cut")
    whole, cut = (r for r in caplog.records if r.name == "castbook.http")
    assert (vars(whole)["cut"], vars(cut)["cut"]) == (None, True)
    assert vars(cut)["status"] == 200


def test_metrics_are_for_this_machine_and_for_keys(tmp_path: Path) -> None:
    app = make_app(make_desk(tmp_path, api_keys={"prometheus": "k" * 32}))
    assert get(app, "/metrics").status_code == 200
    assert get(app, "/metrics", peer="::1").status_code == 200
    assert get(app, "/metrics", peer="10.0.0.9").status_code == 401
    assert get(app, "/metrics", headers={"X-Forwarded-For": "8.8.8.8"}).status_code == 401
    good = {"Authorization": f"Bearer {'k' * 32}"}
    assert get(app, "/metrics", peer="10.0.0.9", headers=good).status_code == 200


def test_promtool_finds_no_fault_with_the_page(desk: Desk, app: FastAPI) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (package prometheus)")
    desk.part(SpeechMeter).spoken(5, 1.0, 0.5)
    page = get(app, "/metrics").content
    done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""


def test_health_and_readiness(tmp_path: Path) -> None:
    app = make_app(make_desk(tmp_path / "not" / "yet"))
    assert get(app, "/healthz").json()["status"] == "ok"
    assert get(app, "/readyz").json() == {"status": "ready", "checks": {"data": "ok"}}


def test_not_ready_while_the_orders_are_away(tmp_path: Path) -> None:
    class Away:
        async def healthy(self) -> bool:
            return False

    desk: Any = make_desk(tmp_path)
    answer = get(make_app(dataclasses.replace(desk, orders=Away())), "/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["orders"] == "away"
    assert json.loads(answer.text)["status"] == "not ready"


def chunks(count: int) -> Iterator[Any]:
    for _ in range(count):
        yield np.zeros(800, np.int16)


class Clock:
    """Each look at it takes a tenth of a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


def test_a_text_is_measured_while_it_is_spoken(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    meters = desk.parts[Meters] = Meters(desk.settings)
    meter = meters.speech
    meter.clock = Clock()
    assert len(list(meter.measured(chunks(10), rate=8000, characters=40, asked_at=0.0))) == 10
    assert value(desk, "audiobook_tts_characters_total") == 40
    assert value(desk, "audiobook_segments_total", outcome="made") == 1
    assert value(desk, "audiobook_tts_first_chunk_seconds_sum") == pytest.approx(0.2)
    # ten chunks and the end, a tick each, for one second of sound
    assert value(desk, "audiobook_tts_real_time_factor_sum") == pytest.approx(1.1)


def test_who_leaves_is_no_failure_and_stops_the_engine(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    meters = desk.parts[Meters] = Meters(desk.settings)
    closed = []

    def engine() -> Iterator[Any]:
        try:
            yield from chunks(100)
        finally:
            closed.append(True)

    listening = meters.speech.measured(engine(), rate=8000, characters=4)
    next(listening)
    listening.close()
    assert closed == [True]
    assert value(desk, "audiobook_segments_total", outcome="stopped") == 1
    assert value(desk, "audiobook_segments_total", outcome="failed") == 0

    def broken() -> Iterator[Any]:
        yield from chunks(1)
        raise ValueError("the engine")

    with pytest.raises(ValueError, match="the engine"):
        list(meters.speech.measured(broken(), rate=8000, characters=4))
    assert value(desk, "audiobook_segments_total", outcome="failed") == 1
    assert value(desk, "audiobook_tts_characters_total") == 0
