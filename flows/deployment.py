"""The deployment ``book/local``: one for all books, found wherever castbook is installed."""

from __future__ import annotations

from prefect import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.types.entrypoint import EntrypointType

from flows.books import book
from flows.runner import TAG

NAME = "local"


def local(pool: str) -> RunnerDeployment:
    """The deployment, as ``prefect.yaml`` has it too.

    The entrypoint is the module (``flows.books.book``), so that a worker may be started in
    any folder; no path of this machine is stored.
    """
    return RunnerDeployment.from_flow(
        book,
        name=NAME,
        tags=[TAG],
        description="One audiobook per run; only what is missing is done.",
        work_pool_name=pool,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def register_deployment(api_url: str, pool: str) -> None:
    """Creates the pool unless it is there, and creates or renews the deployment."""
    with temporary_settings({PREFECT_API_URL: api_url}):
        with get_client(sync_client=True) as client:
            try:
                client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
            except ObjectAlreadyExists:
                pass
        local(pool).apply()
