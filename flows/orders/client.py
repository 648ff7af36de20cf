"""Orders on a Prefect server, through Prefect's own client.

The client repeats a request that the server sheds or that breaks, with jitter; this module
bounds how long that may take, and then says ``Unavailable``. A creation may be repeated:
every order has an idempotency key, the caller's or one of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import (
    ObjectAlreadyExists,
    ObjectNotFound,
    PrefectHTTPStatusError,
)
from prefect.settings import get_current_settings
from prefect.states import Cancelled, Cancelling, Scheduled

from castbook.errors import Unavailable
from flows.orders.census import take_census
from flows.orders.creations import Creations, Said
from flows.orders.events import follow
from flows.orders.logs import read_log
from flows.orders.parameters import check_names, refuse_templates
from flows.orders.port import (
    Census,
    KeyReused,
    Kind,
    LogLine,
    Order,
    OrderEvent,
    OrderRefused,
    Placed,
    State,
)
from flows.orders.progress import read_progress
from flows.orders.reviving import revive
from flows.orders.states import (
    BODY,
    KINDS,
    MARK,
    NONCE,
    PRINCIPAL,
    kind_of,
    order_of,
    state_of,
    tags_of,
    types_of,
)

DEPLOYMENT = "local"  # the name of each kind's deployment
PATIENCE_S = 8.0  # for one call with all its repetitions
QUEUES = {"high": 1, "low": 100}  # work queues beside the pool's own, with their priorities


@dataclass(frozen=True, slots=True)
class Known:
    """A deployment, looked up once."""

    id: UUID
    pool: str | None
    schema: Mapping[str, Any]  # of its parameters


class PrefectOrders:
    """See ``flows.orders.port.Orders``. Any number of calls at once, on one event loop.

    Args:
        api_url: of the server, such as ``http://127.0.0.1:4200/api``.
        patience_s: for one call; then ``Unavailable``.
    """

    def __init__(self, api_url: str, *, patience_s: float = PATIENCE_S) -> None:
        self._api_url = api_url.rstrip("/")
        self._page = self._api_url.removesuffix("/api")
        self._patience_s = patience_s
        self._client: PrefectClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deployments: dict[Kind, Known] = {}
        self._queues: set[tuple[str, str]] = set()  # (pool, queue) known to be there
        self._created: Creations | None = None  # of the present client

    async def place(
        self,
        kind: Kind,
        parameters: Mapping[str, Any],
        *,
        key: str | None = None,
        body_sha256: str = "",
        principal: str = "",
        trace: str = "",
        name: str = "",
        at: datetime | None = None,
        priority: Literal["high", "normal", "low"] = "normal",
        tags: tuple[str, ...] = (),
    ) -> Placed:
        """See ``Orders.place``."""
        refuse_templates(parameters)
        nonce = secrets.token_hex(8)
        async with self._calling() as client:
            known = await self._deployment(client, kind)
            try:
                check_names(parameters, known.schema)
            except OrderRefused:  # unless it was registered anew since we looked
                self._deployments.pop(kind, None)
                known = await self._deployment(client, kind)
                check_names(parameters, known.schema)
            try:
                said = Said(
                    parameters=dict(parameters),
                    state=Scheduled(scheduled_time=at) if at else None,
                    name=name or None,
                    tags=tags_of(kind, principal, trace, tags),
                    idempotency_key=key or nonce,
                    work_queue_name=await self._queue(client, known.pool, priority),
                    labels={NONCE: nonce, **({BODY: body_sha256} if body_sha256 else {})},
                )
                run = await self._creations(client).create(known.id, said)
            except PrefectHTTPStatusError as error:
                if error.response.status_code == httpx.codes.NOT_FOUND:
                    self._deployments.pop(kind, None)  # somebody deleted it: looked up again
                    raise Unavailable(_no_deployment(kind)) from error
                if error.response.status_code in (400, 409, 413, 422):
                    raise OrderRefused(_reason(error), place="parameters") from error
                raise
        new = run.labels.get(NONCE) == nonce
        if not new and body_sha256 and run.labels.get(BODY, body_sha256) != body_sha256:
            raise KeyReused(
                "this key was used before, for another request",
                place="Idempotency-Key",
                expected="the same body, or another key",
            )
        return Placed(order_of(run, kind, self._page), new)

    async def get(self, order_id: str) -> Order | None:
        """See ``Orders.get``."""
        async with self._calling() as client:
            run = await _run(client, order_id)
            if run is None or (kind := await self._kind(client, run)) is None:
                return None
            working = state_of(run.state_type) != "pending"
            progress = await read_progress(client, run.id) if working else (0, 0)
            return order_of(run, kind, self._page, progress)

    async def find(
        self,
        *,
        kinds: tuple[Kind, ...] = (),
        states: tuple[State, ...] = (),
        principal: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[Order, ...]:
        """See ``Orders.find``. Their progress is not asked for."""
        tags = [MARK] if principal is None else [MARK, f"{PRINCIPAL}{principal}"]
        async with self._calling() as client:
            known: dict[UUID, Kind] = {}
            for kind in kinds or KINDS:
                with contextlib.suppress(Unavailable):  # a kind that nobody has deployed
                    known[(await self._deployment(client, kind)).id] = kind
            if not known:
                return ()
            runs = await client.read_flow_runs(
                deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(known))),
                flow_run_filter=FlowRunFilter(
                    tags=FlowRunFilterTags(all_=tags),
                    state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types_of(states)))
                    if states
                    else None,
                ),
                sort=FlowRunSort.EXPECTED_START_TIME_DESC,
                limit=limit,
                offset=offset,
            )
        return tuple(
            order_of(run, known[run.deployment_id], self._page)
            for run in runs
            if run.deployment_id in known
        )

    async def cancel(self, order_id: str) -> Order | None:
        """See ``Orders.cancel``. One that has begun is first ``Cancelling``: its worker ends it."""
        async with self._calling() as client:
            run = await _run(client, order_id)
            if run is None:
                return None
            state = run.state
            if state is not None and not state.is_final():
                begun = state.is_running() or state.is_pending()
                await client.set_flow_run_state(run.id, Cancelling() if begun else Cancelled())
        return await self.get(order_id)

    async def resume(self, order_id: str) -> Order | None:
        """See ``Orders.resume``."""
        async with self._calling() as client:
            run = await _run(client, order_id)
            if run is None:
                return None
            if run.state is not None and run.state.is_paused():
                await client.resume_flow_run(run.id)
        return await self.get(order_id)

    async def log(self, order_id: str, limit: int = 200, offset: int = 0) -> tuple[LogLine, ...]:
        """See ``Orders.log``."""
        async with self._calling() as client:
            return await read_log(client, UUID(order_id), limit, offset)

    def events(self) -> AsyncIterator[OrderEvent]:
        """See ``Orders.events``. Goes on through restarts of the server."""
        return follow(self._api_url)

    async def healthy(self) -> bool:
        """See ``Orders.healthy``."""
        try:
            async with self._calling(2.0) as client:
                return await client.api_healthcheck() is None
        except Unavailable:
            return False

    async def census(self) -> Census:
        """See ``Orders.census``."""
        async with self._calling() as client:
            return await take_census(client)

    async def revive(self, steady: bool) -> tuple[str, ...]:
        """See ``Orders.revive``. In a thread: Prefect's clients are of one kind or the other."""
        async with self._calling(60.0):
            look = functools.partial(revive, self._api_url, DEPLOYMENT, steady=steady)
            return tuple(await asyncio.to_thread(look))

    async def close(self) -> None:
        """See ``Orders.close``."""
        client, self._client = self._client, None
        created, self._created = self._created, None
        if created is not None:
            await created.close()
        if client is not None:
            await client.__aexit__(None, None, None)

    @contextlib.asynccontextmanager
    async def _calling(self, patience_s: float | None = None) -> AsyncIterator[PrefectClient]:
        """The client, with a bound of time, and its errors as ours."""
        try:
            async with asyncio.timeout(patience_s or self._patience_s):
                yield await self._open()
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            detail = str(error) or type(error).__name__
            raise Unavailable(
                f"the Prefect server at {self._page} does not answer ({detail.splitlines()[0]});"
                " nothing was ordered: send the same request again"
            ) from error

    async def _open(self) -> PrefectClient:
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            api = get_current_settings().api
            client = PrefectClient(
                self._api_url,
                auth_string=api.auth_string.get_secret_value() if api.auth_string else None,
                api_key=api.key.get_secret_value() if api.key else None,
                # one connection for each of many callers: a new one would cost more than a call
                httpx_settings={"limits": httpx.Limits(max_connections=32)},
            )
            self._client, self._loop, self._created = client, loop, None
            await client.__aenter__()
        return self._client

    def _creations(self, client: PrefectClient) -> Creations:
        if self._created is None:
            self._created = Creations(client, self._patience_s)
        return self._created

    async def _deployment(self, client: PrefectClient, kind: Kind) -> Known:
        if kind not in self._deployments:
            try:
                found = await client.read_deployment_by_name(f"{kind}/{DEPLOYMENT}")
            except ObjectNotFound as error:
                raise Unavailable(_no_deployment(kind)) from error
            schema = found.parameter_openapi_schema or {}
            self._deployments[kind] = Known(found.id, found.work_pool_name, schema)
        return self._deployments[kind]

    async def _kind(self, client: PrefectClient, run: FlowRun) -> Kind | None:
        """What a run was ordered as: by its tag, or, placed by hand, by its deployment."""
        if run.deployment_id is None or MARK not in run.tags:
            return None
        if (named := kind_of(run)) is not None:
            return named
        for kind in KINDS:
            with contextlib.suppress(Unavailable):
                if (await self._deployment(client, kind)).id == run.deployment_id:
                    return kind
        return None

    async def _queue(self, client: PrefectClient, pool: str | None, priority: str) -> str | None:
        """The work queue of a priority, created when it is first asked for."""
        if pool is None or priority not in QUEUES:
            return None
        if (pool, priority) not in self._queues:
            with contextlib.suppress(ObjectAlreadyExists):
                await client.create_work_queue(
                    priority, priority=QUEUES[priority], work_pool_name=pool
                )
            self._queues.add((pool, priority))
        return priority


async def _run(client: PrefectClient, order_id: str) -> FlowRun | None:
    try:
        return await client.read_flow_run(UUID(order_id))
    except (ObjectNotFound, ValueError):
        return None


def _reason(error: PrefectHTTPStatusError) -> str:
    """The server's own words, on one short line."""
    try:
        detail = error.response.json().get("detail", "")
    except ValueError:
        detail = error.response.text
    words = " ".join(str(detail).split()).removeprefix("Error creating flow run: ")
    return words[:300] or f"the Prefect server refuses it ({error.response.status_code})"


def _no_deployment(kind: Kind) -> str:
    return (
        f"there is no deployment {kind}/{DEPLOYMENT} on the Prefect server yet:"
        " castbook up and castbook serve create it"
    )
