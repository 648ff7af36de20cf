"""An order in the words of its readers: ours, and those of the founding texts. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flows.orders.port import Order

FINAL = frozenset({"completed", "failed", "cancelled"})
LONGEST_ERROR = 200  # characters, from its end: what went wrong stands there
RETRY_AFTER_S = "2"  # when to ask again for one that works


def run_view(order: Order) -> dict[str, Any]:
    """An order as ``/v1/runs`` shows it."""
    here = f"/v1/runs/{order.id}"
    return {
        "object": "run",
        "id": order.id,
        "kind": order.kind,
        "status": order.state,
        "paused": order.paused,
        "name": order.name,
        "created_at": _time(order.created_at),
        "started_at": _time(order.started_at),
        "ended_at": _time(order.ended_at),
        "progress": {"done": order.done, "total": order.total},
        "message": order.message[-LONGEST_ERROR:],
        "error": error_of(order),
        "principal": order.principal,
        "trace": order.trace,
        "urls": {
            "self": here,
            "events": f"{here}/events",
            "log": f"{here}/log",
            "files": f"{here}/files",
            **({"audio": f"{here}/audio"} if order.kind == "speech" else {}),
            "dashboard": order.page,
        },
    }


def task_view(order: Order) -> dict[str, Any]:
    """An order as ``GET /api/task/{id}`` of the founding texts shows it."""
    done = order.state == "completed"
    return {
        "taskId": order.id,
        "task_id": order.id,
        "status": "failed" if order.state == "cancelled" else order.state,
        "createdAt": _time(order.created_at),
        "progress": {"done": order.done, "total": order.total},
        "error": error_of(order) or ("cancelled" if order.state == "cancelled" else None),
        "url": f"/v1/runs/{order.id}/audio" if done and order.kind == "speech" else None,
        "log": f"/v1/runs/{order.id}/log",
    }


def error_of(order: Order) -> str | None:
    """What went wrong: the end of its message."""
    if order.state != "failed":
        return None
    return order.message[-LONGEST_ERROR:] or "it failed: its log says more"


def waiting_headers(order: Order) -> dict[str, str]:
    """When to ask again, for one that has not ended."""
    return {} if order.state in FINAL else {"Retry-After": RETRY_AFTER_S}


def _time(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
