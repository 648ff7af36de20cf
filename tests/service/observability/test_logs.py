from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_orders import FakeOrders

from castbook.tracing import traced
from service.observability.logs import set_up_logs, take_over
from service.observability.meters import Meters
from service.observability.runs import RunLedger, count, count_now_and_then, follow
from service.settings import ServiceSettings
from service.starting import LateOrders


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where logs go; the process's own are put back after the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    access = logging.getLogger("uvicorn.access").disabled
    others = {
        logger: (list(logger.handlers), logger.propagate, logger.level)
        for logger in map(
            logging.getLogger, ["uvicorn", "prefect", *logging.root.manager.loggerDict]
        )
    }
    out = io.StringIO()
    yield out
    for logger, (theirs, propagates, own) in others.items():
        logger.handlers[:], logger.propagate = theirs, propagates
        logger.setLevel(own)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = access


def test_a_log_line_is_one_json_object_with_its_trace(stream: io.StringIO) -> None:
    set_up_logs("json", stream=stream)
    with traced("abc"):
        logging.getLogger("castbook.speech").info("spoken\nin two", extra={"ms": 1.5, "gone": None})
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("castbook.speech").exception("failed")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["trace"], first["event"], first["ms"]) == ("abc", "spoken\nin two", 1.5)
    assert first["level"] == "info"
    assert first["time"].endswith("Z")
    assert "gone" not in first
    assert second["trace"] == ""
    assert "ValueError: why" in second["error"]


def test_a_terminal_gets_short_lines(stream: io.StringIO) -> None:
    set_up_logs("plain", stream=stream)
    facts = {"method": "GET", "route": "/v1/models", "status": 200, "ms": 3.1}
    logging.getLogger("castbook.http").info("request", extra=facts)
    logging.getLogger("castbook").warning("the disk is nearly full")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("GET /v1/models 200 3.1 ms")
    assert second.endswith("warning: the disk is nearly full")


def test_who_brings_a_form_of_its_own_speaks_in_ours(stream: io.StringIO) -> None:
    set_up_logs("json", stream=stream)
    theirs = io.StringIO()
    for name in ("uvicorn", "prefect"):  # as Prefect does when it is imported
        logging.getLogger(name).handlers = [logging.StreamHandler(theirs)]
        logging.getLogger(name).propagate = False
        logging.getLogger(name).setLevel(logging.WARNING)
    take_over()
    logging.getLogger("uvicorn.error").error("an answer was cut", extra={"color_message": "x"})
    logging.getLogger("prefect.client").info("chatter")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["logger"], line["event"]) for line in lines] == [
        ("uvicorn.error", "an answer was cut")
    ]
    assert "color_message" not in lines[0]
    assert theirs.getvalue() == ""


def test_what_orders_do_is_counted_once(tmp_path: Path) -> None:
    meters = Meters(ServiceSettings(data=tmp_path))

    def made(outcome: str) -> float:
        return meters.segments.labels(outcome)._value.get()

    async def story() -> None:
        orders = FakeOrders()
        following = asyncio.create_task(follow(orders, RunLedger(meters)))
        await asyncio.sleep(0)
        batch = (await orders.place("batch", {})).order.id
        for done in (3, 3, 7):  # an event may come twice
            orders.move(batch, done=done, total=10)
        orders.move(batch, state="failed")
        orders.move(batch, state="failed")
        rows = (await orders.place("batch", {})).order.id
        for number in (1, 2, 3):  # every line is told: the second row fails
            orders.tell(rows, "line", {"text": "…", "row": number, "ok": number != 2})
            orders.move(rows, done=number, total=3)
        orders.move(rows, state="failed")
        book = (await orders.place("book", {})).order.id
        for done in (390, 400):  # 390 segments were there: this run makes ten, one fails
            orders.move(book, done=done, total=401)
        orders.move(book, state="failed")
        await orders.place("watch", {})
        (watch,) = await orders.find(kinds=("watch",))
        orders.move(watch.id, state="failed")  # speaks nothing itself
        speech = (await orders.place("speech", {})).order.id
        orders.move(speech, state="completed")
        for state in ("completed", "failed"):
            callback = (await orders.place("deliver", {})).order.id
            orders.move(callback, state=state)
        waiting = await orders.place("book", {})
        assert waiting.new
        await asyncio.sleep(0.05)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await count(orders, meters)

    asyncio.run(story())
    assert made("made") == 20  # seven rows, two rows, ten segments, a text
    assert made("failed") == 5
    assert meters.deliveries.labels("delivered")._value.get() == 1
    assert meters.deliveries.labels("dead")._value.get() == 1
    assert meters.flow_runs.labels("failed")._value.get() == 5
    assert meters.queue_depth._value.get() == 1
    assert meters.workers._value.get() == 1


def test_an_absent_server_keeps_the_gauges_and_says_so(tmp_path: Path) -> None:
    meters = Meters(ServiceSettings(data=tmp_path))
    meters.queue_depth.set(5)
    asyncio.run(count(FakeOrders(away=True), meters))
    assert meters.orders_up._value.get() == 0
    assert meters.queue_depth._value.get() == 5


def test_that_a_server_is_away_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.observability.runs.CENSUS_S", 0.0)
    caplog.set_level(logging.INFO, "castbook.orders")
    orders, late = FakeOrders(away=True), LateOrders()
    meters = Meters(ServiceSettings(data=tmp_path))

    async def story() -> None:
        counting = asyncio.create_task(count_now_and_then(orders, meters))
        await asyncio.sleep(0.02)
        orders.away = False
        await asyncio.sleep(0.02)
        counting.cancel()
        starting = asyncio.create_task(count_now_and_then(late, meters))
        await asyncio.sleep(0.02)
        starting.cancel()
        await asyncio.gather(counting, starting, return_exceptions=True)

    asyncio.run(story())
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [level for level, _ in said] == ["WARNING", "INFO", "INFO"]
    assert said[1][1] == "runs are counted again"
    assert "jobs are still starting here" in said[2][1]
