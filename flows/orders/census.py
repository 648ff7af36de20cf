"""How many runs and workers a Prefect server knows: what the service's gauges show.

Counted by the server, not listed: the answer costs the same with ten runs and with ten
thousand.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType, WorkerStatus

from flows.orders.port import Census, State
from flows.orders.states import MARK, types_of

POOLS = "castbook"  # our work pools begin with this: castbook, castbook-gpu


async def take_census(client: PrefectClient) -> Census:
    """Counts castbook's orders by state, those that are due, and the workers of our pools."""
    words: tuple[State, ...] = get_args(State)
    runs = {word: await _count(client, types_of((word,))) for word in words}
    due = await _count(client, [StateType.SCHEDULED], before=datetime.now(UTC))
    workers = 0
    for pool in await client.read_work_pools():
        if pool.name.startswith(POOLS):
            known = await client.read_workers_for_work_pool(pool.name)
            workers += sum(worker.status is WorkerStatus.ONLINE for worker in known)
    return Census(runs, due, workers)


async def _count(
    client: PrefectClient, types: list[StateType], before: datetime | None = None
) -> int:
    """Runs of deployments with our tag: chapters inside a book's run are not orders."""
    wanted = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[MARK]),
        deployment_id=FlowRunFilterDeploymentId(is_null_=False),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types)),
        expected_start_time=None
        if before is None
        else FlowRunFilterExpectedStartTime(before_=before),
    )
    return await client.count_flow_runs(flow_run_filter=wanted)
