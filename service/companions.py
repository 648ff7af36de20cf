"""What runs beside the API on one machine: a Prefect server, the deployments, one worker.

They start in the background, so that the page is up at once, and are started again should one
of them end. All hang on tethers (``flows/tether.py``): however this process ends, nothing is
left behind. Where PREFECT_API_URL names a server, that one is used, with its own workers.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from castbook.errors import CastbookError, EnvironmentFault
from service.gate import Gate, device_slots
from service.observability.logs import take_over
from service.settings import ServiceSettings
from service.starting import LateOrders

AGAIN_S = 5.0  # between a failure and the next start
STOP_S = 25.0  # worker and server need up to ``flows.tether.LONGEST_S``; a flow run 8 s of them
STARTING_S = 0.5
_LOOK_S = 0.5

log = logging.getLogger("castbook.service")


class Companions:
    """A thread that keeps server and worker alive, ``orders`` open and ``gate`` shared while
    they are.

    Args:
        environment: of the children, beside this process's own.
        say: tells a person what happens.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        orders: LateOrders,
        gate: Gate,
        environment: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._orders = orders
        self._gate = gate
        self._environment = environment
        self._say = say
        self._up = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="companions", daemon=True)

    def __enter__(self) -> Companions:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends them. Those that are still starting end with this process, which need not wait
        for that: their tethers see to it."""
        self._ended.set()
        self._thread.join(STOP_S if self._up else STARTING_S)

    def _run(self) -> None:
        port = free_port()
        while not self._ended.is_set():
            try:
                self._keep(port)
            except Exception as error:  # of Prefect or ours: a thread that ends must be heard of
                if not isinstance(error, CastbookError):
                    log.exception("the companions failed")
                self._up = False
                self._gate.share(None)
                self._orders.fail(f"there are no jobs at the moment: {error}")
                self._say(f"jobs       {error}; trying again in {AGAIN_S:.0f} s")
                self._ended.wait(AGAIN_S)

    def _keep(self, port: int) -> None:
        """Runs server and worker until the end.

        Raises:
            CastbookError: one of them does not start, or ended by itself.
        """
        from flows import server as servers  # Prefect takes seconds to import
        from flows.orders.client import PrefectOrders

        take_over()
        url = self._settings.prefect_api_url
        if url:
            if self._settings.shares_slots:
                self._gate.share(device_slots(url))
            self._orders.open(PrefectOrders(url))
            self._say(f"jobs       on the Prefect server at {url.removesuffix('/api')}")
            self._ended.wait()
            return
        home = self._settings.data / "prefect"
        with contextlib.ExitStack() as stack:
            stack.enter_context(only_one(home))
            server = stack.enter_context(servers.running_server(port, home))
            for name in servers.register(server, self._settings.slots):
                self._say(f"goes on    {name}, which had crashed")
            environment = {**server.environment, **self._environment}
            worker = stack.enter_context(servers.running_worker(environment))
            self._gate.share(device_slots(server.api_url))
            self._orders.open(PrefectOrders(server.api_url))
            self._up = True
            self._say(f"jobs       ready; dashboard {server.dashboard}")
            while not self._ended.wait(_LOOK_S):
                if worker.process.poll() is not None:
                    raise EnvironmentFault("the worker ended")
                if server.child is not None and server.child.process.poll() is not None:
                    raise EnvironmentFault(f"the Prefect server ended: {server.child.last_words()}")


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Holds ``home`` for this process: two servers would write one SQLite file.

    Raises:
        EnvironmentFault: another castbook serve holds it, or it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            home.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context((home / "lock").open("wb"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process
        except BlockingIOError as error:
            raise EnvironmentFault(
                f"another castbook serve has its jobs in {home}: stop it, or give this one a"
                " folder of its own with --data, or PREFECT_API_URL"
            ) from error
        except OSError as error:
            raise EnvironmentFault(f"{home} cannot be written: {error.strerror}") from error
        yield


def free_port(wanted: int = 4200) -> int:
    """``wanted`` if nobody listens there, else one of the kernel's choice."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(settings: ServiceSettings, projects: tuple[Path, ...]) -> dict[str, str]:
    """What worker and flows must know of these settings."""
    return {
        "CASTBOOK_DATA": str(settings.data),
        "CASTBOOK_PROJECTS": os.pathsep.join(str(root) for root in projects),
        "CASTBOOK_SLOTS": str(settings.slots),
        **({"CASTBOOK_ENGINE": settings.engine} if settings.engine else {}),
    }
