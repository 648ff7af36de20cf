"""What goes on while jobs run, sampled from outside: runs and syntheses at once, how prompt the
API stays."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import httpx
from prefect import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from benchmarks.service_figures import Figure, below, load, percentile
from benchmarks.service_site import Site
from flows.orders.slots import limit_name

EVERY_S = 0.25
PROMPT_MS = 100.0


class Watch:
    """Samples while the context is open; what is down is left out."""

    def __init__(self, site: Site) -> None:
        self.running: list[int] = []  # runs in the state Running
        self.held: list[int] = []  # slots of the device
        self.answers_ms: list[float] = []  # of GET /healthz
        self._site = site
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(30)

    def figures(self, part: str, jobs: int, slots: int) -> list[Figure]:
        """What was seen against what may be."""
        runs = max(self.running, default=0)
        p95 = percentile(self.answers_ms, 0.95)
        number = len(self.running)
        return [
            Figure(
                part, f"most runs at once, {number} samples", str(runs), f"<= {jobs}", runs <= jobs
            ),
            self.slots_held(part, slots),
            below(part, f"API meanwhile, p95 of GET /healthz, load {load()}", p95, PROMPT_MS),
        ]

    def slots_held(self, part: str, slots: int) -> Figure:
        """Of the device, at once."""
        held = max(self.held, default=0)
        return Figure(
            part, "most slots of the device held", str(held), f"<= {slots}", held <= slots
        )

    def _sample(self) -> None:
        wanted = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING]))
        )
        settings = {PREFECT_API_URL: self._site.api_url, PREFECT_CLIENT_MAX_RETRIES: 0}
        with temporary_settings(settings), get_client(sync_client=True) as client:
            while not self._ended.wait(EVERY_S):
                try:
                    self.running.append(client.count_flow_runs(flow_run_filter=wanted))
                    limit = client.read_global_concurrency_limit_by_name(limit_name({}))
                    self.held.append(limit.active_slots)
                except httpx.HTTPError:
                    pass  # the server was killed
                begun = time.monotonic()
                try:
                    httpx.get(f"{self._site.address}/healthz", timeout=10).raise_for_status()
                    self.answers_ms.append(1000 * (time.monotonic() - begun))
                except httpx.HTTPError:
                    pass  # the API was killed
