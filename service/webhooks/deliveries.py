"""What became of a run's callbacks."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request

from service.desk import desk_of
from service.jobs.finding import found
from service.security.guard import CallerOf
from tasks.hooks.deliverylog import read_tries

router = APIRouter(tags=["jobs"])


@router.get(
    "/v1/runs/{run_id}/deliveries", summary="The tries of a job's callback", responses={404: {}}
)
async def get_deliveries(request: Request, caller: CallerOf, run_id: str) -> dict[str, Any]:
    """One row for each try, the oldest first: when, how long, which answer, what follows."""
    desk = desk_of(request)
    order = await found(desk, run_id)
    tries = await anyio.to_thread.run_sync(read_tries, desk.settings.data, order.id)
    return {"object": "list", "data": tries}
