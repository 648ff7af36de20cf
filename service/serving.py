"""``castbook serve``: the API and its pages at once, jobs a little later, all in one command.

Refuses a public address without authentication. Ctrl-C, SIGTERM and SIGKILL leave no process
behind: engines and companions hang on pipes of this process.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn

from castbook.errors import EnvironmentFault
from castbook.files import storage_error
from service.app import create_app, open_desk
from service.companions import Companions, environment_of
from service.desk import Desk
from service.gate import Gate
from service.observability.logs import set_up_logs
from service.security.binding import check_binding
from service.security.connections import PromptProtocol
from service.settings import ServiceSettings
from service.starting import LateOrders
from tasks.shelf.shelf import Shelf

MOST_CONNECTIONS = 1024  # more are told 503 at once
MOST_HEADERS = 32 * 1024  # bytes of a request's line and headers
KEEP_ALIVE_S = 20  # longer than the pause between two requests of one client's queue
GRACE_S = 5  # for answers under way when the service is told to stop; then they are cut
BACKLOG = 2048
MOST_MESSAGE = 64 * 1024  # bytes of a socket's message


@dataclass(frozen=True, slots=True)
class Serving:
    """What the command line asks for; None: as the environment says."""

    host: str | None = None
    port: int | None = None
    data: Path | None = None
    projects: tuple[Path, ...] = ()
    engine: str | None = None
    jobs: bool = True


def settings_of(asked: Serving) -> ServiceSettings:
    """The environment's settings with what the command line says put over them.

    Raises:
        InputError: a variable cannot be what it is.
    """
    told = ServiceSettings.read()
    roots = asked.projects or told.projects or (_here(),)
    return replace(
        told,
        host=asked.host or told.host,
        port=told.port if asked.port is None else asked.port,
        data=(asked.data or told.data).expanduser().absolute(),
        projects=tuple(root.expanduser().absolute() for root in roots),
        engine=asked.engine or told.engine,
    )


def _here() -> Path:
    """``projects/`` of this folder, if it has one, else this folder."""
    inner = Path.cwd() / "projects"
    return inner if inner.is_dir() else Path.cwd()


def serve(asked: Serving, say: Callable[[str], None] = print) -> int:
    """Serves until it is told to stop.

    Raises:
        InputError: a setting is wrong, the engine does not exist, or the address is public and
            nobody would be asked.
        EnvironmentFault: the port is taken, the data folder cannot be written.
    """
    settings = settings_of(asked)
    check_binding(settings)
    # before anything is started: a wrong engine or folder is one line
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, settings.data) from error
    missing = Shelf(settings.data / "library", settings.engine).missing()
    children = environment_of(settings, settings.projects)
    os.environ.update({name: children[name] for name in ("CASTBOOK_DATA", "CASTBOOK_PROJECTS")})
    set_up_logs("plain" if sys.stderr.isatty() else "json")
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(listen(settings.host, settings.port))
        port = listening.getsockname()[1]
        desk = open_desk(replace(settings, port=port, prefect_api_url=""))
        orders = LateOrders()
        desk.orders = orders if asked.jobs else None

        def started() -> None:
            announce(desk, missing, say)
            if asked.jobs:  # not earlier: two cores are busy enough with the page
                gate = desk.part(Gate)
                stack.enter_context(Companions(settings, orders, gate, children, say))

        server = Announcing(configuration(desk), started)
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            # uvicorn repeats the signal once all is closed: that was the way to stop
            say("stopped")
    return 0 if server.started else 1


def configuration(desk: Desk) -> uvicorn.Config:
    """Of uvicorn, with a bound to everything that a client could draw out."""
    return uvicorn.Config(
        create_app(desk),
        lifespan="on",
        http=PromptProtocol,  # h11
        ws="websockets-sansio",
        ws_max_size=MOST_MESSAGE,
        log_config=None,
        access_log=False,  # service/observability has one line for each request
        server_header=False,
        proxy_headers=False,  # the guard looks at them, and only from trusted proxies
        h11_max_incomplete_event_size=MOST_HEADERS,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


class Announcing(uvicorn.Server):
    """Says where it is as soon as it answers."""

    def __init__(self, config: uvicorn.Config, announced: Callable[[], None]) -> None:
        super().__init__(config)
        self._announced = announced

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to answer."""
        await super().startup(sockets)
        if self.started:
            self._announced()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is one of the kernel's choice.

    Raises:
        EnvironmentFault: the address or the port cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise EnvironmentFault(
            f"{host} port {port} cannot be used ({error.strerror or error}): stop what listens"
            " there, or choose another with --port"
        ) from error
    # asyncio switches Nagle's algorithm off (TCP_NODELAY) only for sockets that say they are TCP,
    # and create_server's do not: each answer of several writes would wait 40 ms for the
    # client's delayed acknowledgement (benchmarks/service_sounds.py)
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=made.detach())


def announce(desk: Desk, missing: str | None, say: Callable[[str], None]) -> None:
    """Where it is, what it is good for, where things lie, how it is stopped.

    Args:
        missing: what its engine lacks.
    """
    settings = desk.settings
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    say(f"page       {address}")
    say(f"speech     base_url {address}/v1, of any client that speaks to OpenAI's speech API")
    say(f"engine     {desk.shelf.engine}" + (f": {missing}" if missing else ""))
    say(f"data       {settings.data}")
    say(f"projects   {os.pathsep.join(str(root) for root in settings.projects)}")
    if desk.orders is None:
        say("jobs       none (--no-jobs)")
    else:
        say("jobs       they start now; until they are ready they are answered 503")
    say("good for   one person on one machine (SQLite); for webhooks and several people take")
    say("           Postgres: deploy/compose.yaml, docs/operations.md")
    say("stop       Ctrl-C")
