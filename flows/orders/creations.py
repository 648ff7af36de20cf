"""Creating flow runs: those that are asked for while others are being created go together.

A creation alone costs a Prefect server 48 ms of CPU in its one process, one of forty in one request
12 ms, and what the server does about its events comes on top: 46 and 38 ms in all with twenty
callers (prefect 3.8.8, PostgreSQL 15, 2026-11-21; python -m benchmarks.service paced).

So one request is under way for each deployment, and the next one takes all that has come
meanwhile. Nobody waits for company: an order that comes alone goes alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, cast
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.orchestration.routes import ServerRoutes
from prefect.client.schemas.actions import DeploymentFlowRunCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Scheduled, to_state_create

MOST_TOGETHER = 25  # half a second of the server's: a reader would wait for longer ones
# the client's own list of routes (prefect 3.8.8) leaves it out
_BULK = cast(ServerRoutes, "/deployments/{id}/create_flow_run/bulk")


class Said(TypedDict, total=False):
    """What ``create_flow_run_from_deployment`` of Prefect's client is told, and nothing else."""

    parameters: dict[str, object]
    state: State[None] | None
    name: str | None
    tags: list[str]
    idempotency_key: str
    work_queue_name: str | None
    labels: dict[str, bool | int | float | str]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A run that somebody waits for."""

    said: Said
    answer: asyncio.Future[FlowRun]


class Creations:
    """Of one client, on one event loop.

    Args:
        patience_s: for one request with its repetitions.
    """

    def __init__(self, client: PrefectClient, patience_s: float) -> None:
        self._client = client
        self._patience_s = patience_s
        self._asked: dict[UUID, deque[_Asked]] = {}
        self._working: dict[UUID, asyncio.Task[None]] = {}

    async def create(self, deployment: UUID, said: Said) -> FlowRun:
        """The run; the first one where its key was used before. A caller that gives up before
        its turn is left out.

        Raises:
            PrefectHTTPStatusError: the server refuses it.
            httpx.HTTPError, TimeoutError: it does not answer.
        """
        asked = _Asked(said, asyncio.get_running_loop().create_future())
        self._asked.setdefault(deployment, deque()).append(asked)
        if deployment not in self._working:
            self._working[deployment] = asyncio.create_task(self._work(deployment))
        return await asked.answer

    async def close(self) -> None:
        """Ends what is under way; those who wait are told."""
        working = list(self._working.values())
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def _work(self, deployment: UUID) -> None:
        waiting = self._asked[deployment]
        group: list[_Asked] = []
        try:
            while group := _next(waiting):
                try:
                    async with asyncio.timeout(self._patience_s):
                        await self._make(deployment, group)
                except (httpx.HTTPError, TimeoutError, OSError) as error:
                    _fail(group, error)
        finally:  # also of a fault of ours: nobody waits for what does not come
            del self._working[deployment]
            _fail([*group, *waiting], ConnectionError("the connection was closed"))
            waiting.clear()

    async def _make(self, deployment: UUID, group: Sequence[_Asked]) -> None:
        found: dict[UUID, FlowRun] = {}
        ids: list[UUID | None] = [None] * len(group)
        if len(group) > 1:
            ids = await self._together(deployment, group)
            found = await self._read([id for id in ids if id is not None])
        for asked, id in zip(group, ids, strict=True):
            if asked.answer.done():
                continue
            if id is not None and id in found:
                asked.answer.set_result(found[id])
                continue
            try:  # alone: or what is wrong with it is said in full
                run = await self._client.create_flow_run_from_deployment(deployment, **asked.said)
            except PrefectHTTPStatusError as error:
                _fail([asked], error)
            else:
                if not asked.answer.done():
                    asked.answer.set_result(run)

    async def _together(self, deployment: UUID, group: Sequence[_Asked]) -> list[UUID | None]:
        """Ids in the order of ``group``; None for what the server did not make."""
        try:
            answer = await self._client.request(
                "POST",
                _BULK,
                path_params={"id": deployment},
                json=[_body(asked.said) for asked in group],
            )
        except PrefectHTTPStatusError as error:
            if error.response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise
            return [None] * len(group)  # one of them may be wrong: each is asked for alone
        results = answer.json()["results"]
        return [UUID(row["flow_run_id"]) if row["flow_run_id"] else None for row in results]

    async def _read(self, ids: list[UUID]) -> dict[UUID, FlowRun]:
        """The runs as they stand: the server answers with ids that it rolled back, too."""
        if not ids:
            return {}
        wanted = FlowRunFilter(id=FlowRunFilterId(any_=ids))
        runs = await self._client.read_flow_runs(flow_run_filter=wanted, limit=len(ids))
        return {run.id: run for run in runs}


def _next(waiting: deque[_Asked]) -> list[_Asked]:
    """Takes the next ones. In the order of their keys: two processes that insert the same ones
    would else wait for each other."""
    group: list[_Asked] = []
    while waiting and len(group) < MOST_TOGETHER:
        asked = waiting.popleft()
        if not asked.answer.done():
            group.append(asked)
    return sorted(group, key=lambda asked: asked.said["idempotency_key"])


def _fail(group: Sequence[_Asked], error: Exception) -> None:
    for asked in group:
        if not asked.answer.done():
            asked.answer.set_exception(error)


def _body(said: Said) -> dict[str, object]:
    """As the client writes it."""
    create = DeploymentFlowRunCreate(
        parameters=said["parameters"],
        state=to_state_create(said["state"] or Scheduled()),
        name=said["name"],
        tags=said["tags"],
        idempotency_key=said["idempotency_key"],
        labels=said["labels"],
    )
    if said["work_queue_name"]:
        create.work_queue_name = said["work_queue_name"]
    body: dict[str, object] = create.model_dump(mode="json", exclude_unset=True)
    return body
