"""The ``watch`` flow: lines of dropped files become ``speech`` runs, each exactly once.

It runs every minute. Each line is placed under a key of its own, so that Prefect knows it again
however often it comes: after a crash in the middle, or while the file is still being written.
Nothing moves before all its lines were accepted; a server that is away changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.settings import get_current_settings
from prefect.states import Completed, Failed

from castbook.errors import CastbookError
from castbook.settings import Settings
from castbook.tracing import traced
from flows.orders.client import PrefectOrders
from flows.orders.port import Orders
from flows.texts import INBOX
from tasks.batches.inbox import QUIET_S, Collected, DroppedLine, collect
from tasks.batches.rows import Row

PRINCIPAL = "inbox"


@flow(name="watch", persist_result=False)
def watch(quiet_s: float = QUIET_S) -> State[Any]:
    """Looks once at ``DATA/inbox/*.jsonl``.

    Args:
        quiet_s: a file that nobody has written for so long is finished, and moves to ``done/``.
    """
    inbox = Settings.read().data / INBOX
    try:
        found = look(inbox, quiet_s)
    except CastbookError as error:
        return Failed(message=str(error))
    log = get_run_logger()
    for reason in found.refused:
        log.warning("%s", reason)
    words = f"{found.taken} lines accepted, {len(found.refused)} refused, {len(found.moved)} files"
    return Completed(message=f"{words} done")


def look(inbox: Path, quiet_s: float = QUIET_S) -> Collected:
    """One look, with orders placed on the configured server.

    Raises:
        Unavailable: the server does not answer.
    """
    with ThreadPoolExecutor(1) as apart, asyncio.Runner() as runner:
        orders = PrefectOrders(get_current_settings().api.url or "")

        def place(line: DroppedLine, row: Row) -> None:
            apart.submit(runner.run, place_line(orders, line, row)).result()

        try:
            return collect(inbox, place, time.time(), quiet_s)
        finally:
            apart.submit(runner.run, orders.close()).result()
            apart.submit(runner.close).result()


async def place_line(orders: Orders, line: DroppedLine, row: Row) -> None:
    """Places the run of a line, or finds it."""
    trace = line.key[:32]  # the line's own, so that a second look sees the same
    with traced(trace):
        log = get_run_logger()
        name = row.name or line.name
        clip = {"clip": f"{INBOX}/{row.clip}"} if row.clip else {}
        parameters = {
            **row.parameters(), **clip, "output_name": name, "trace": trace,
            "principal": PRINCIPAL,
        }  # fmt: skip
        log.info(
            "RECEIVED trace=%s %s:%d characters=%d",
            trace, line.file, line.number, len(row.wish.text),
        )  # fmt: skip
        placed = await orders.place(
            "speech", parameters, key=f"{PRINCIPAL}:{line.key}", trace=trace, principal=PRINCIPAL
        )
        log.info("WRITTEN trace=%s run=%s new=%s", trace, placed.order.id, placed.new)
