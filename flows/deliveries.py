"""The ``deliver`` flow: one signed callback, tried until it is taken or given up.

Placed by the run whose end it tells, or by the service's sweep; its key makes it one. A later
try is another start of the same flow run: in the hours between them no process waits
(``flows/returning.py``).
The log of all tries is ``DATA/deliveries/ORDER.jsonl``.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from castbook.errors import CastbookError
from castbook.fetching import Fetcher
from castbook.settings import Settings
from castbook.tracing import current_trace, traced
from flows.returning import SHORTEST_S, come_back
from tasks.hooks.callbacks import delivery_body, message_id
from tasks.hooks.deliveries import Decision
from tasks.hooks.deliverylog import Try, disable, host_of, is_disabled, note_try, read_tries
from tasks.hooks.sending import TIMEOUT_S, Sent, send
from tasks.hooks.settings import DeliverySettings

_MOST_ANSWER = 64 * 1024  # bytes; only the status counts


def deliver_run_name() -> str:
    """``deliver-speech.completed``; never the address, which may hold a token."""
    return f"deliver-{flow_run.parameters.get('type') or 'callback'}"


@flow(name="deliver", flow_run_name=deliver_run_name, persist_result=False)
def deliver(
    address: str, type: str, data: dict[str, Any], at: str = "", trace: str = ""
) -> State[Any]:
    """Tells an address the end of an order.

    Args:
        address: of the receiver; its host stands in CASTBOOK_FETCH_HOSTS.
        type: such as ``speech.completed``.
        data: what is told.
        at: when it ended, RFC 3339.
        trace: of the order.
    """
    with traced(trace):
        try:
            sent, attempt = _try(address, type, data, at)
            while sent.decision.outcome == "retry" and sent.decision.wait_s < SHORTEST_S:
                time.sleep(sent.decision.wait_s)
                sent, attempt = _try(address, type, data, at)
        except CastbookError as error:
            get_run_logger().error("not delivered trace=%s: %s", current_trace(), error)
            return Failed(message=str(error))
    words = f"{sent.error or f'answered {sent.status}'}, try {attempt}"
    if sent.decision.outcome == "retry":
        come_back(sent.decision.wait_s, words)
    if sent.decision.outcome == "delivered":
        return Completed(message=words)
    if sent.decision.outcome == "disabled":
        return Failed(message=f"{host_of(address)} wants no more callbacks: {words}")
    return Failed(message=f"given up: {words}")


def _try(address: str, kind: str, data: dict[str, Any], at: str) -> tuple[Sent, int]:
    """One try, noted in the log.

    Raises:
        InputError: no secret is configured, or there is too much to tell.
    """
    settings, folder = DeliverySettings.read(), Settings.read().data
    order = str(data.get("task_id") or flow_run.id)
    before = [row for row in read_tries(folder, order) if row.get("type") == kind]
    attempt = len(before) + 1
    now = _now()
    if is_disabled(folder, address):
        sent = Sent(Decision("disabled"), None, 0, "answered 410 before")
    else:
        fetcher = Fetcher(settings.hosts, most_bytes=_MOST_ANSWER, seconds=TIMEOUT_S)
        body = delivery_body(kind, data, at or now)
        sent = send(fetcher, address, message_id(order, kind), body, settings.signing(), attempt)
        if sent.decision.outcome == "disabled":
            disable(folder, address, now)
    waits = round(sent.decision.wait_s) if sent.decision.outcome == "retry" else None
    done = Try(
        at=now,
        type=kind,
        attempt=attempt,
        outcome=sent.decision.outcome,
        status=sent.status,
        ms=sent.ms,
        host=host_of(address),
        error=sent.error,
        next_s=waits,
    )
    note_try(folder, order, done)
    get_run_logger().info(
        "DELIVERY trace=%s order=%s type=%s try=%d %s status=%s ms=%d",
        current_trace(), order, kind, attempt, done.outcome, done.status, done.ms,
    )  # fmt: skip
    return sent, attempt


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
