"""A run that has to wait gives its worker back: the server starts it again when it is time.

A task retry, or a sleep, would hold a process and one of the worker's places all the while:
three days for a receiver that is away.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from prefect import get_client
from prefect.client.schemas import OrchestrationResult
from prefect.exceptions import Pause
from prefect.runtime import flow_run
from prefect.states import AwaitingRetry

# A worker with a limit (prefect 3.8.8) fetches runs 10 s before they are due, and ends with
# "this borrower is already holding one of this CapacityLimiter's tokens" if the process of the
# same run still ends; a process took up to 3 s for that.
SHORTEST_S = 45.0


def come_back(seconds: float, message: str) -> NoReturn:
    """Ends this process; the present run starts anew ``seconds`` from now, 45 at least.

    What the run has done so far must be found again on disk. Called outside any ``try`` that
    catches ``BaseException``: Prefect's signal ends the flow.
    """
    at = datetime.now(UTC) + timedelta(seconds=max(seconds, SHORTEST_S))
    with get_client(sync_client=True) as client:
        answer: OrchestrationResult[Any] = client.set_flow_run_state(
            UUID(str(flow_run.id)), AwaitingRetry(scheduled_time=at, message=message)
        )
    # refused: somebody has cancelled it meanwhile; it ends in that state
    raise Pause(state=answer.state)
