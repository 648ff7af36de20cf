"""What runs of single texts and of batches have in common: the booth, a person's word, the end.

Texts are in the parameters and in no log line: those have lengths and digests, and the trace.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import get_client, suspend_flow_run
from prefect.runtime import flow_run
from prefect.settings import get_current_settings

from audio.watermarking import open_watermarker
from castbook.errors import CastbookError
from castbook.files import sweep
from castbook.settings import Settings
from castbook.tracing import current_trace
from flows.automations import CRASHES, crashes_in_a_row
from flows.orders.client import PrefectOrders
from flows.orders.slots import configured_slots
from tasks.batches.booth import Booth
from tasks.batches.sharing import SharedSlot
from tasks.hooks.callbacks import delivery_key, delivery_parameters

UPLOADS, INBOX, OUTPUTS = "uploads", "inbox", "outputs"  # below the data folder
REVIEW_S = 7 * 24 * 3600  # how long an order waits for a person

_log = logging.getLogger("castbook.texts")


@contextlib.contextmanager
def flow_booth(beside: Path | None = None) -> Iterator[Booth]:
    """A booth over this machine's data folder; each synthesis holds a slot of its device where
    slots are configured.

    Rows may bring recordings that were uploaded or dropped, and no other file of the folder:
    the library's voices need their consents.

    Args:
        beside: the folder of a batch file, in which its recordings are looked for first.
    """
    settings = Settings.read()
    data = settings.data
    marker = open_watermarker() if settings.watermark else None
    offered = [data / UPLOADS, data / INBOX]
    slots = configured_slots(get_current_settings().api.url or "")
    with contextlib.ExitStack() as stack:
        if slots is not None:
            stack.callback(slots.close)
        booth = Booth(
            data,
            engine=settings.engine,
            homes=[*([beside] if beside else []), data, *offered],
            within=offered,
            gate=contextlib.nullcontext if slots is None else SharedSlot(slots.one).share,
            marker=marker,
        )
        yield stack.enter_context(booth)


def crashed_too_often() -> str:
    """Why this run is not worked on: the server starts a crashed run again, without a limit of
    its own; "" for one that may go on."""
    if flow_run.run_count <= 1 or flow_run.id is None:
        return ""
    with get_client(sync_client=True) as client:
        count = crashes_in_a_row(client.read_flow_run_states(UUID(flow_run.id)))
    if count <= CRASHES:
        return ""
    return f"crashed {count} times in a row: look at the logs before a new run"


def tidy_after_crash() -> None:
    """Removes what a run that was killed left half-written; its names are nobody's."""
    if flow_run.run_count > 1:
        data = Settings.read().data
        for folder in (OUTPUTS, "takes"):
            sweep(data / folder)


def wait_for_review(review: bool) -> None:
    """Puts an order that a person shall look at aside, until it is resumed. The run's process
    ends; resumed, it begins anew and passes here."""
    if review:
        suspend_flow_run(timeout=REVIEW_S, key="review")


def announce(callback: str, kind: str, told: Mapping[str, Any]) -> None:
    """Orders the delivery of a callback: a run of its own, with retries of its own, so that it
    outlives this one. The same run announces the same end once.

    Args:
        callback: the address; "" for nobody.
        kind: such as ``speech.completed``.
        told: JSON; texts are no part of it.
    """
    if not callback:
        return
    trace, run = current_trace(), str(flow_run.id)  # of this thread's context
    parameters = delivery_parameters(callback, kind, run, told, trace=trace)

    async def place() -> None:
        orders = PrefectOrders(get_current_settings().api.url or "", patience_s=60.0)
        try:
            await orders.place("deliver", parameters, key=delivery_key(run, kind), trace=trace)
        finally:
            await orders.close()

    try:
        with ThreadPoolExecutor(1) as apart:  # this thread may have a loop of Prefect's
            apart.submit(asyncio.run, place()).result()
    except CastbookError as error:
        _log.error("the callback %s was not ordered: %s", kind, error)
