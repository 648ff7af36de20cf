"""A flow run as clients know it: Prefect's nine state types in five words.

Pure. A run that waits for a person is ``pending`` and ``paused``: nothing works on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from prefect.client.schemas.objects import FlowRun, StateType

from flows.orders.port import Kind, Order, State

STATES: Mapping[StateType, State] = {
    StateType.SCHEDULED: "pending",
    StateType.PENDING: "pending",
    StateType.RUNNING: "processing",
    StateType.CANCELLING: "processing",
    StateType.PAUSED: "pending",
    StateType.COMPLETED: "completed",
    StateType.FAILED: "failed",
    StateType.CRASHED: "failed",
    StateType.CANCELLED: "cancelled",
}
KINDS: tuple[Kind, ...] = get_args(Kind)
MARK = "castbook"  # the tag of all our runs: the automations know them by it
KIND, PRINCIPAL, TRACE = "kind:", "principal:", "trace:"  # tags that say it
BODY, NONCE = "castbook.body", "castbook.nonce"  # labels of the first request


def state_of(kind: StateType | None) -> State:
    """The word for a state type; a run without any has only just been made."""
    return STATES[kind] if kind is not None else "pending"


def types_of(states: tuple[State, ...]) -> list[StateType]:
    """The state types behind the words."""
    return [kind for kind, word in STATES.items() if word in states]


def tags_of(kind: Kind, principal: str, trace: str, others: tuple[str, ...]) -> list[str]:
    """What an order's run is tagged with."""
    named = ((KIND, kind), (PRINCIPAL, principal), (TRACE, trace))
    return [MARK, *(f"{prefix}{value}" for prefix, value in named if value), *others]


def order_of(run: FlowRun, kind: Kind, page: str, progress: tuple[int, int] = (0, 0)) -> Order:
    """A flow run as an order.

    Args:
        page: address of the dashboard.
        progress: (done, total) in segments or rows.
    """
    state = run.state
    done, total = progress
    assert run.created is not None  # the server dates what it answers with
    return Order(
        id=str(run.id),
        kind=kind,
        state=state_of(run.state_type),
        name=run.name,
        created_at=run.created,
        started_at=run.start_time,
        ended_at=run.end_time,
        paused=run.state_type is StateType.PAUSED,
        crashed=run.state_type is StateType.CRASHED,
        message=(state.message if state else None) or "",
        parameters=dict(run.parameters),
        principal=_tagged(run, PRINCIPAL),
        trace=_tagged(run, TRACE),
        done=done,
        total=total,
        page=f"{page}/runs/flow-run/{run.id}",
    )


def kind_of(run: FlowRun) -> Kind | None:
    """The kind that a run's tags name; None for one that was not ordered here."""
    named = _tagged(run, KIND)
    return next((kind for kind in KINDS if kind == named), None)


def _tagged(run: FlowRun, prefix: str) -> str:
    return next((tag.removeprefix(prefix) for tag in run.tags if tag.startswith(prefix)), "")
