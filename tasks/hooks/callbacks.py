"""What is told when an order ends: the parameters of a delivery and its body. Pure.

Whoever sees the end places the delivery, the run itself or whoever sweeps later: the key makes
it one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from castbook.errors import InputError

MOST_BODY = 20_000  # bytes, of Standard Webhooks
LONGEST_ERROR = 200  # characters, from its end
_SPARE = ("failed", "file", "where")  # left out, one by one, of a body that would be too large


def delivery_key(order_id: str, kind: str) -> str:
    """The idempotency key of a delivery: one of each kind for each order."""
    return f"deliver:{order_id}:{kind}"


def message_id(order_id: str, kind: str) -> str:
    """``webhook-id``: the same at every try."""
    return f"msg_{order_id}.{kind}"


def delivery_parameters(
    address: str,
    kind: str,
    order_id: str,
    told: Mapping[str, Any],
    *,
    trace: str = "",
    at: datetime | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the ``deliver`` flow is told.

    Args:
        kind: such as ``speech.completed``.
        told: JSON beside what all callbacks have; ``error`` is shortened from its front.
        at: when it ended; now, if absent.
    """
    thing, _, status = kind.partition(".")
    env = os.environ if environ is None else environ
    error = told.get("error")
    data = {
        "task_id": order_id,
        "status": status,
        "urls": order_urls(thing, order_id, env.get("CASTBOOK_PUBLIC_URL", "")),
        **told,
        "error": str(error)[-LONGEST_ERROR:] if error else None,
        "trace": trace,
    }
    ended = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    return {
        "address": address,
        "type": kind,
        "data": data,
        "at": ended.replace("+00:00", "Z"),
        "trace": trace,
    }


def order_urls(thing: str, order_id: str, public: str = "") -> dict[str, str]:
    """Where the order and what it made can be fetched.

    Args:
        thing: speech, batch or book.
        public: CASTBOOK_PUBLIC_URL; "": paths of the server that took the order.
    """
    here = f"{public.rstrip('/')}/v1/runs/{order_id}"
    audio = {"audio": f"{here}/audio"} if thing == "speech" else {}
    return {"self": here, **audio, "files": f"{here}/files"}


def delivery_body(kind: str, data: Mapping[str, Any], at: str) -> bytes:
    """The body that is signed and sent: the same bytes at every try.

    Raises:
        InputError: it is larger than a receiver has to take.
    """
    for dropped in range(len(_SPARE) + 1):
        said = {key: value for key, value in data.items() if key not in _SPARE[:dropped]}
        told = {"type": kind, "timestamp": at, "data": said}
        body = json.dumps(told, ensure_ascii=False, sort_keys=True).encode("utf-8")
        if len(body) <= MOST_BODY:
            return body
    raise InputError(f"has {len(body)} bytes", place="data", expected=f"at most {MOST_BODY}")
