"""Creations that come together, against a server of the test's own making."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError

from flows.orders.creations import MOST_TOGETHER, Creations, Said

DEPLOYMENT = uuid.uuid4()


def said(key: str) -> Said:
    return Said(
        parameters={"text": key}, state=None, name=None, tags=["castbook"],
        idempotency_key=key, work_queue_name=None, labels={"castbook.nonce": key},
    )  # fmt: skip


class Server:
    """Prefect's client, with the server behind it; each request takes a moment."""

    def __init__(self) -> None:
        self.runs: dict[str, FlowRun] = {}  # by key
        self.alone: list[str] = []
        self.together: list[list[str]] = []
        self.status = 200  # of bulk creations
        self.refused: set[str] = set()
        self.rolled_back: set[str] = set()
        self.pause_s = 0.005

    def _run(self, key: str) -> FlowRun:
        return self.runs.setdefault(key, FlowRun(flow_id=uuid.uuid4(), name=key))

    async def create_flow_run_from_deployment(self, deployment: uuid.UUID, **told: Any) -> FlowRun:
        assert deployment == DEPLOYMENT
        await asyncio.sleep(self.pause_s)
        key = told["idempotency_key"]
        self.alone.append(key)
        if key in self.refused:
            raise refusal(422)
        return self._run(key)

    async def request(self, method: str, path: str, **told: Any) -> httpx.Response:
        assert (method, path) == ("POST", "/deployments/{id}/create_flow_run/bulk")
        assert told["path_params"] == {"id": DEPLOYMENT}
        await asyncio.sleep(self.pause_s)
        keys = [row["idempotency_key"] for row in told["json"]]
        self.together.append(keys)
        if self.status != 200:
            raise refusal(self.status)
        rows = []
        for key in keys:
            bad = key in self.refused
            lost = key in self.rolled_back
            id = None if bad else str(uuid.uuid4() if lost else self._run(key).id)
            rows.append({"flow_run_id": id, "status": "FAILED" if bad else "CREATED"})
        return httpx.Response(200, json={"results": rows})

    async def read_flow_runs(self, *, flow_run_filter: Any, limit: int) -> list[FlowRun]:
        wanted = flow_run_filter.id.any_
        assert len(wanted) <= limit
        return [run for run in reversed(self.runs.values()) if run.id in wanted]


def refusal(status: int) -> PrefectHTTPStatusError:
    request = httpx.Request("POST", "http://127.0.0.1/api")
    response = httpx.Response(status, json={"detail": "no"}, request=request)
    error = httpx.HTTPStatusError("no", request=request, response=response)
    return PrefectHTTPStatusError.from_httpx_error(error)


def created(server: Server, keys: list[str], patience_s: float = 5.0) -> list[Any]:
    """The run, or the error, of each key, all asked for at once."""

    async def ask() -> list[Any]:
        creations = Creations(server, patience_s)  # type: ignore[arg-type]  # what it asks for
        asked = [creations.create(DEPLOYMENT, said(key)) for key in keys]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    return asyncio.run(ask())


def test_one_alone_goes_alone() -> None:
    server = Server()
    assert [run.name for run in created(server, ["a"])] == ["a"]
    assert (server.alone, server.together) == (["a"], [])


def test_a_crowd_goes_together_and_everybody_gets_the_own_run() -> None:
    server = Server()
    keys = [f"{n:03}" for n in reversed(range(2 * MOST_TOGETHER + 1))]
    assert [run.name for run in created(server, keys)] == keys
    assert [len(group) for group in server.together] == [MOST_TOGETHER, MOST_TOGETHER]
    assert all(group == sorted(group) for group in server.together)
    assert len(server.alone) == 1


def test_those_that_come_meanwhile_go_next() -> None:
    server = Server()
    server.pause_s = 0.2

    async def ask() -> None:
        creations = Creations(server, 5.0)  # type: ignore[arg-type]  # what it asks for
        first = asyncio.create_task(creations.create(DEPLOYMENT, said("first")))
        await asyncio.sleep(server.pause_s / 5)
        others = [creations.create(DEPLOYMENT, said(key)) for key in "ab"]
        assert [run.name for run in await asyncio.gather(first, *others)] == ["first", "a", "b"]
        assert (await creations.create(DEPLOYMENT, said("last"))).name == "last"

    asyncio.run(ask())
    assert (server.alone, server.together) == (["first", "last"], [["a", "b"]])


def test_the_same_key_twice_is_the_same_run() -> None:
    first, second, other = created(Server(), ["a", "a", "b"])
    assert first.id == second.id != other.id


def test_one_that_is_refused_hears_why_and_the_others_are_made() -> None:
    server = Server()
    server.refused = {"b"}
    first, second, third = created(server, ["a", "b", "c"])
    assert (first.name, third.name) == ("a", "c")
    assert isinstance(second, PrefectHTTPStatusError)
    assert second.response.status_code == 422
    assert server.alone == ["b"]


def test_a_body_that_spoils_the_whole_request_spoils_only_its_own() -> None:
    server = Server()
    server.status, server.refused = 422, {"b"}
    first, second, third = created(server, ["a", "b", "c"])
    assert (first.name, third.name) == ("a", "c")
    assert isinstance(second, PrefectHTTPStatusError)


def test_a_run_that_the_server_names_and_does_not_have_is_asked_for_alone() -> None:
    server = Server()
    server.rolled_back = {"a", "b"}
    assert [run.name for run in created(server, ["a", "b", "c"])] == ["a", "b", "c"]
    assert sorted(server.alone) == ["a", "b"]


def test_a_server_that_is_away_is_said_to_all_and_the_next_may_be_lucky() -> None:
    server = Server()
    server.status = 503
    assert all(isinstance(error, PrefectHTTPStatusError) for error in created(server, ["a", "b"]))
    server.pause_s = 1.0
    assert all(isinstance(error, TimeoutError) for error in created(server, ["a", "b"], 0.02))


def test_who_gave_up_before_the_turn_is_not_ordered_for() -> None:
    server = Server()
    server.pause_s = 0.2

    async def ask() -> None:
        creations = Creations(server, 5.0)  # type: ignore[arg-type]  # what it asks for
        first = asyncio.create_task(creations.create(DEPLOYMENT, said("first")))
        await asyncio.sleep(server.pause_s / 5)  # it is under way
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(server.pause_s / 10):
                await creations.create(DEPLOYMENT, said("gone"))
        await first
        assert (await creations.create(DEPLOYMENT, said("last"))).name == "last"

    asyncio.run(ask())
    assert server.alone == ["first", "last"]
    assert list(server.runs) == ["first", "last"]


def test_closed_in_the_middle_nobody_waits_for_ever() -> None:
    server = Server()
    server.pause_s = 5.0

    async def ask() -> None:
        creations = Creations(server, 9.0)  # type: ignore[arg-type]  # what it asks for
        asked = [asyncio.create_task(creations.create(DEPLOYMENT, said(key))) for key in "ab"]
        await asyncio.sleep(0.01)
        await creations.close()
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 1.0)
        assert all(isinstance(answer, ConnectionError) for answer in answers)

    asyncio.run(ask())
