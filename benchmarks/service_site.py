"""The service as it is deployed, for ``benchmarks.service``: each program a process of its own.

PostgreSQL, a Prefect server on it, the API (``castbook serve``) and a worker, started with the
words of ``deploy/systemd``. Each may be killed and is started again as its unit would be:
the rest of its processes is ended, then five seconds pass.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import httpx
from prefect import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings

from benchmarks.postgres import running_postgres
from castbook.errors import EnvironmentFault
from flows.server import POOL, healthy, prefect_child, profile
from flows.tether import descendants

ROOT = Path(__file__).parents[1]
RESTART_S = 5.0  # RestartSec of the units
READY_S = 180.0  # with everything starting at once on two cores
PAGE = 200  # runs in one answer of the server
_STOP_S = 20.0


class Kept:
    """A program that is there until it is killed, and again after ``start``.

    Args:
        opened: starts it and waits until it is ready; its value is the program's process id;
            leaving it ends all its processes.
    """

    def __init__(self, name: str, opened: Callable[[], AbstractContextManager[int]]) -> None:
        self.name = name
        self.pid = 0  # of the program itself; 0: it is not running
        self._opened = opened
        self._stack = contextlib.ExitStack()

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        self._stack = contextlib.ExitStack()
        self.pid = self._stack.enter_context(self._opened())

    def kill(self) -> None:
        """SIGKILL for the program; what it started is ended, as by its unit."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """Ends it."""
        self.pid = 0
        self._stack.close()


@dataclass(frozen=True, slots=True)
class Site:
    """Programs that stand, and where to ask."""

    api: Kept
    server: Kept
    worker: Kept  # not started: what is ordered waits
    address: str  # of the API
    api_url: str  # of the Prefect server
    data: Path

    @property
    def programs(self) -> tuple[Kept, ...]:
        """Those that may be killed."""
        return self.api, self.worker, self.server


@contextlib.contextmanager
def standing(folder: Path, *, jobs: int, slots: int, library: str) -> Iterator[Site]:
    """Everything but the worker is started.

    Args:
        folder: empty; data, logs and Prefect's home go there.
        jobs: runs at once of the worker.
        slots: syntheses at once on the device.
        library: of the data folder, ``library.yaml``.
    """
    data = folder / "data"
    (data / "library").mkdir(parents=True)
    (data / "library" / "library.yaml").write_text(library, "utf-8")
    port, api_port = free_port(), free_port()
    api_url, address = f"http://127.0.0.1:{port}/api", f"http://127.0.0.1:{api_port}"
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(running_postgres(free_port(), durable=True))
        # nothing of the caller's own settings: neither its server nor its keys
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "CASTBOOK_"))}
        environment = {
            **profile(),
            **kept,
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": api_url,
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
            "CASTBOOK_DATA": str(data),
            "CASTBOOK_ENGINE": "tone",
            "CASTBOOK_SLOTS": str(slots),
            "CASTBOOK_RATE": "0",  # the clients of a benchmark are one caller
        }
        server = Kept("Prefect server", lambda: prefect_server(environment, port))
        serve = ("serve", "--host", "127.0.0.1", "--port", str(api_port))
        ready, log = f"{address}/readyz", folder / "api.log"
        api = Kept("API", lambda: castbook(serve, environment, ready, log))
        words = ("worker", "start", "--pool", POOL, "--type", "process", "--limit", str(jobs))
        worker = Kept("worker", lambda: prefect_program(words, environment))
        for program in (server, api, worker):
            stack.callback(program.stop)
        server.start()
        api.start()
        yield Site(api, server, worker, address, api_url, data)


@contextlib.contextmanager
def prefect_program(words: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[int]:
    """``prefect WORDS…``; on a tether, so that nothing outlives the benchmark."""
    with prefect_child(words, environment) as child:
        wait_until(lambda: bool(descendants(child.process.pid)))
        yield descendants(child.process.pid)[0]


@contextlib.contextmanager
def prefect_server(environment: Mapping[str, str], port: int) -> Iterator[int]:
    """A Prefect server that answers, with castbook's deployments."""
    words = ("server", "start", "--host", "127.0.0.1", "--port", str(port))
    with prefect_program(words, environment) as pid:
        wait_until(lambda: healthy(environment["PREFECT_API_URL"]))
        subprocess.run(
            [sys.executable, "-m", "flows.deployment"], env=environment, cwd=ROOT, check=True
        )
        yield pid


@contextlib.contextmanager
def castbook(
    words: tuple[str, ...], environment: Mapping[str, str], asked: str, log: Path
) -> Iterator[int]:
    """``castbook WORDS…``, once the address ``asked`` answers 200."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *words],
            env=dict(environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        wait_until(lambda: process.poll() is not None or _answers(asked))
        if process.poll() is not None:
            raise EnvironmentFault(f"castbook {words[0]} ended: {log.read_text('utf-8')[-2000:]}")
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_S)


def speech_runs(site: Site) -> list[FlowRun]:
    """Every run of the deployment ``speech/local``, as the Prefect server knows it."""
    found: list[FlowRun] = []
    with (
        temporary_settings({PREFECT_API_URL: site.api_url}),
        get_client(sync_client=True) as client,
    ):
        deployment = client.read_deployment_by_name("speech/local")
        mine = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
        while True:
            page = client.read_flow_runs(deployment_filter=mine, limit=PAGE, offset=len(found))
            found += page
            if len(page) < PAGE:
                return found


def cpu_s(program: Kept) -> float:
    """Seconds of CPU that a program and its living children have used; Linux only."""
    ticks = 0
    for pid in (program.pid, *descendants(program.pid)):
        with contextlib.suppress(OSError):  # it ended meanwhile
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_until(done: Callable[[], bool], seconds: float = READY_S, pause: float = 0.1) -> None:
    """Asks again and again.

    Raises:
        EnvironmentFault: it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise EnvironmentFault(f"waited for {seconds:.0f} s in vain")
        time.sleep(pause)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
