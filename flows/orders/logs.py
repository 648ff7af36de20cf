"""The log of a run, as its page shows it."""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.sorting import LogSort

from flows.orders.port import LogLine

MOST_LINES = 200  # the server's own bound for one answer
MOST_CHARACTERS = 2_000  # of one line


async def read_log(
    client: PrefectClient, run: UUID, limit: int, offset: int
) -> tuple[LogLine, ...]:
    """At most ``MOST_LINES`` lines from ``offset``, the oldest first."""
    rows = await client.read_logs(
        log_filter=LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run])),
        limit=min(limit, MOST_LINES),
        offset=offset,
        sort=LogSort.TIMESTAMP_ASC,
    )
    return tuple(LogLine(row.timestamp, row.level, row.message[:MOST_CHARACTERS]) for row in rows)
