"""Placing orders: what every route that starts a job has in common.

Everything that can be refused is refused before the order; nothing is spoken in a request. A
key makes a repeated request the same order: it answers 200 with the order of the first time,
or 422 where the body was another.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fastapi import Request

from castbook.fetching import FetchRefused
from castbook.tracing import current_trace, new_trace
from flows.orders.port import Kind, Placed
from service.desk import Desk
from service.jobs.finding import orders_of
from service.problems import Problem
from service.security.fetching import fetcher_of
from service.security.guard import Caller

log = logging.getLogger("castbook.orders")
Priority = Literal["high", "normal", "low"]
# what a route that places orders answers
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The order of an earlier request with the same key"},
    202: {"description": "Accepted: Location says where to look"},
    400: {"description": "The key or the body cannot be read"},
    401: {"description": "No key, or a wrong one"},
    413: {"description": "Too large"},
    422: {"description": "What is wrong, with the field; or a key that was another request's"},
    503: {"description": "Prefect does not answer: send the same again after Retry-After"},
}
# RFC 8941 string, or the plain form that most clients send
_KEY = re.compile(
    r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"|([\x21\x23-\x7e][\x21-\x7e]{0,254})'
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order that is about to be placed."""

    kind: Kind
    parameters: Mapping[str, Any]
    body: str  # digest of the request, ``body_digest``
    name: str = ""
    at: datetime | None = None
    priority: Priority = "normal"


async def place(desk: Desk, caller: Caller, route: str, key: str, wanted: Wanted) -> Placed:
    """Places an order for a caller.

    Args:
        route: keys of different routes are different.
        key: the client's; "" for an order that cannot be repeated.

    Raises:
        Problem: 503 without a Prefect server.
        KeyReused, OrderRefused, Unavailable: see ``Orders.place``.
    """
    trace = current_trace() or new_trace()
    said = {"trace": trace, "principal": caller.principal}  # books know no callers
    log.info("RECEIVED trace=%s kind=%s principal=%s", trace, wanted.kind, caller.principal)
    placed = await orders_of(desk).place(
        wanted.kind,
        {**wanted.parameters, **(said if wanted.kind in ("speech", "batch") else {})},
        key=f"{caller.principal}:{route}:{key}" if key else None,
        body_sha256=wanted.body,
        principal=caller.principal,
        trace=trace,
        name=wanted.name,
        at=wanted.at,
        priority=wanted.priority,
    )
    log.info("WRITTEN trace=%s run=%s new=%s", trace, placed.order.id, placed.new)
    return placed


def callback_of(desk: Desk, written: object) -> dict[str, str]:
    """The address that is told the end, as a parameter of the run; {} without one.

    Raises:
        Problem: 422, it is no address that may be asked (CASTBOOK_FETCH_HOSTS), or there is
            no secret to sign with.
    """
    if written is None or written == "":
        return {}
    if not desk.settings.callback_secret:
        raise Problem(
            422,
            "callback: callbacks are off here: CASTBOOK_CALLBACK_SECRET is not set",
            code="callbacks_off",
            param="callback",
        )
    try:
        if not isinstance(written, str):
            raise FetchRefused("an address is expected", "bad_url")
        fetcher_of(desk.settings).check(written)
    except FetchRefused as refused:
        raise Problem(422, f"callback: {refused}", code=refused.code, param="callback") from refused
    return {"callback": written}


def idempotency_key(request: Request) -> str:
    """The ``Idempotency-Key`` header, plain or as a structured string; "" without one.

    Raises:
        Problem: 400, it is neither.
    """
    values = request.headers.getlist("idempotency-key")
    if not values:
        return ""
    read = _KEY.fullmatch(values[0].strip())
    if read is None or len(values) > 1:
        raise Problem(
            400,
            "Idempotency-Key: expected one key of 1 to 255 visible ASCII characters",
            code="bad_idempotency_key",
            param="Idempotency-Key",
        )
    return re.sub(r"\\(.)", r"\1", read[1]) if read[1] is not None else read[2]


def body_digest(body: object) -> str:
    """SHA-256 of a JSON body: spaces and the order of keys make no difference."""
    written = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()


def placed_status(placed: Placed) -> int:
    """202 for a new order, 200 for the answer to a repeated request."""
    return 202 if placed.new else 200


def placed_headers(placed: Placed) -> dict[str, str]:
    """Where it is, and when to ask."""
    return {"Location": f"/v1/runs/{placed.order.id}", "Retry-After": "2"}
