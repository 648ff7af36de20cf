"""The deployments ``KIND/local``: one for all books, one for each kind of order.

They are found wherever castbook is installed. ``castbook up`` and ``castbook serve`` register
them; ``python -m flows.deployment`` does nothing else, for servers that are started otherwise
(``deploy/``).

| variable | meaning |
|---|---|
| CASTBOOK_GPU_POOL | a pool of its own for what speaks, such as ``castbook-gpu`` |
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from prefect import Flow, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists
from prefect.schedules import Cron
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.types.entrypoint import EntrypointType

from castbook.settings import Settings
from flows.runner import TAG
from flows.texts import INBOX
from tasks.archive.settings import ArchiveSettings

NAME = "local"
_NIGHT = "30 3 * * *"  # UTC: the day whose outputs are archived is over everywhere but in America
ORDERED_OFTEN = ("speech", "batch", "deliver")
_EVERY_MINUTE = "* * * * *"
# a look that takes longer than a minute is not overtaken by the next
ALONE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)


@dataclass(frozen=True, slots=True)
class Job:
    """One deployment."""

    module: str  # of the flow
    kind: str  # the flow's name, and that of the function
    description: str
    on_gpu: bool = False  # runs in the GPU's pool, where there is one
    cron: str = ""


JOBS = (
    Job("flows.books", "book", "One audiobook per run; only what is missing is done."),
    Job("flows.chapters", "chapter", "One chapter of a book; several workers share a book.", True),
    Job("flows.speeches", "speech", "One text into one file.", True),
    Job("flows.batches", "batch", "Many texts, each by itself; only missing ones are made.", True),
    Job("flows.watching", "watch", "Lines of dropped files become runs.", cron=_EVERY_MINUTE),
    Job("flows.deliveries", "deliver", "One callback, until it is taken or given up."),
    Job("flows.archives", "archive", "What is finished goes to the object store.", cron=_NIGHT),
)


def deployments(
    pool: str, gpu_pool: str = "", environ: Mapping[str, str] | None = None
) -> tuple[RunnerDeployment, ...]:
    """All deployments, as ``prefect.yaml`` has them too.

    The entrypoint is the module (``flows.books.book``), so that a worker may be started in
    any folder; no path of this machine is stored.
    """
    idle = set()
    if not ArchiveSettings.read(environ).bucket:
        idle.add("archive")  # every night would end in a failed run
    if not (Settings.read(environ).data / INBOX).is_dir():
        idle.add("watch")  # a look costs 3 s of CPU: only where somebody made the folder
    made = []
    for job in JOBS:
        flow = getattr(import_module(job.module), job.kind)
        assert isinstance(flow, Flow)
        made.append(
            RunnerDeployment.from_flow(
                flow,
                name=NAME,
                tags=[TAG],
                description=job.description,
                work_pool_name=gpu_pool if job.on_gpu and gpu_pool else pool,
                schedule=Cron(job.cron, timezone="UTC") if job.cron else None,
                paused=job.kind in idle,
                # The server checks the schema itself anew for every run that is ordered: 7 ms
                # of its one process's time (measured, prefect 3.8.8). Orders check the names
                # (flows/orders/parameters.py), their routes and the flow the values.
                enforce_parameter_schema=job.kind not in ORDERED_OFTEN,
                concurrency_limit=ALONE if job.kind == "watch" else None,
                entrypoint_type=EntrypointType.MODULE_PATH,
            )
        )
    return tuple(made)


def register_deployment(api_url: str, pool: str, gpu_pool: str | None = None) -> None:
    """Creates the pools unless they are there, and creates or renews the deployments.

    Args:
        gpu_pool: for chapters, texts and batches; None: as the environment says, "": the same pool.
    """
    gpu = os.environ.get("CASTBOOK_GPU_POOL", "") if gpu_pool is None else gpu_pool
    with temporary_settings({PREFECT_API_URL: api_url}):
        with get_client(sync_client=True) as client:
            for name in {pool, gpu or pool}:
                try:
                    client.create_work_pool(WorkPoolCreate(name=name, type="process"))
                except ObjectAlreadyExists:
                    pass
        for deployment in deployments(pool, gpu):
            deployment.apply()


def main() -> int:
    """Registers deployments and automations on the server at PREFECT_API_URL, which may still
    be starting."""
    from castbook.errors import CastbookError
    from flows.server import READY_S, Server, healthy, register

    url = os.environ.get("PREFECT_API_URL", "")
    deadline = time.monotonic() + READY_S
    while url and not healthy(url) and time.monotonic() < deadline:
        time.sleep(1.0)
    if not url or not healthy(url):
        print(f"castbook: no Prefect server answers at PREFECT_API_URL={url!r}", file=sys.stderr)
        return 2
    try:
        register(Server(url, dict(os.environ)))
    except CastbookError as error:
        print(f"castbook: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
