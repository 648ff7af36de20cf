"""The ``archive`` flow: every night, what is finished goes to the object store.

    prefect deployment run 'archive/local' -p dry_run=true

The same as ``castbook archive``. A run that fails has removed nothing after the fault, and
the next one goes on from there; ``castbook serve`` shows when one last ended well.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.settings import get_current_settings
from prefect.states import Completed, Failed

from castbook.errors import CastbookError, InputError, Unavailable
from castbook.settings import Settings
from flows.orders.client import PrefectOrders
from flows.orders.port import Order
from tasks.archive.facts import gather
from tasks.archive.plan import plan_archive
from tasks.archive.records import Records
from tasks.archive.running import ArchiveReport, Say, run_archive
from tasks.archive.settings import ArchiveSettings
from tasks.archive.store import S3Store

_PAGE = 200  # orders asked for at once
_log = logging.getLogger("castbook.archive")


@flow(name="archive", flow_run_name="archive", persist_result=False)
def archive(dry_run: bool = False) -> State[Any]:
    """Zips what is finished, brings it to the bucket, removes what is old and proven.

    Args:
        dry_run: only say what would be done.
    """
    log = get_run_logger()
    try:
        report = run(dry_run=dry_run, say=log.info)
    except CastbookError as error:
        log.error("%s", error)
        return Failed(message=str(error))
    return Completed(message=report.message)


def run(*, dry_run: bool = False, say: Say = lambda line: None) -> ArchiveReport:
    """One run, by the settings of this process.

    Raises:
        InputError: no bucket is configured.
        EnvironmentFault: the store or the disk; see ``tasks.archive.running``.
    """
    settings = ArchiveSettings.read()
    if not settings.bucket:
        raise InputError(
            "is not set", place="CASTBOOK_ARCHIVE_BUCKET", expected="the bucket of the archive"
        )
    data = Settings.read().data
    orders, known = unfinished_orders()
    facts = gather(
        data,
        ordered=frozenset(
            str(o.parameters["project"]) for o in orders if "project" in o.parameters
        ),
        # one that has not begun has left nothing yet
        oldest_order=min((o.started_at.timestamp() for o in orders if o.started_at), default=None),
        orders_known=known,
    )
    actions = plan_archive(facts, Records(data), time.time(), settings.retention)
    store = None if dry_run else open_store(settings)
    report = run_archive(actions, store, data, say=say)
    for line in report.waiting:
        say(f"waits: {line}")
    return report


def open_store(settings: ArchiveSettings) -> S3Store:
    """The store that the settings name.

    Raises:
        MissingDependency: boto3 is not installed.
    """
    return S3Store(settings.bucket, settings.endpoint, settings.prefix)


def unfinished_orders() -> tuple[tuple[Order, ...], bool]:
    """Orders that have not ended, and whether the server said so. Without a configured server
    there are none."""
    url = get_current_settings().api.url or os.environ.get("PREFECT_API_URL", "")
    if not url:
        return (), True
    try:
        return asyncio.run(_unfinished(url)), True
    except Unavailable as error:
        _log.warning("%s", error)
        return (), False


async def _unfinished(url: str) -> tuple[Order, ...]:
    client = PrefectOrders(url)
    found: list[Order] = []
    try:
        while True:
            page = await client.find(
                kinds=("book", "chapter", "speech", "batch"),
                states=("pending", "processing"),
                limit=_PAGE,
                offset=len(found),
            )
            found += page
            if len(page) < _PAGE:
                return tuple(found)
    finally:
        await client.close()
