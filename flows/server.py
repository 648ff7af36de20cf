"""``castbook up``: a Prefect server with castbook's profile, the deployment, and one worker.

Uses a server that already answers at PREFECT_API_URL; else starts one. Everything started
here ends with this process, however that ends: Ctrl-C, SIGTERM and SIGKILL leave nothing
behind (``flows/tether.py``).
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import httpx

from castbook.errors import EnvironmentFault, InputError
from castbook.resources import read_config
from castbook.settings import Settings
from flows import tether

POOL = "castbook"
DEFAULT_PORT = 4200
READY_S = 120.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    api_url: str
    environment: Mapping[str, str]  # for processes that shall speak to it
    child: Child | None = None  # when it was started here

    @property
    def dashboard(self) -> str:
        """Where a person looks."""
        return self.api_url.removesuffix("/api")


def profile() -> dict[str, str]:
    """The variables of ``configs/prefect/server.env``."""
    pairs = (
        line.split("=", 1)
        for line in read_config("prefect", "server.env").splitlines()
        if line.strip() and not line.startswith("#")
    )
    return {name.strip(): value.strip() for name, value in pairs}


def up(port: int | None, projects: tuple[Path, ...]) -> int:
    """Runs until it is interrupted, or until server or worker end.

    Raises:
        EnvironmentFault: something does not start, or ended by itself.
    """
    roots = projects or Settings.read().projects or (Path.cwd(),)
    found = os.pathsep.join(str(root.absolute()) for root in roots)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(_server(port))
        environment = {**server.environment, "CASTBOOK_PROJECTS": found}
        for name in register(server):
            click.echo(f"goes on    {name}, which had crashed")
        worker = stack.enter_context(running_worker(environment))
        click.echo(f"dashboard  {server.dashboard}")
        click.echo(f"projects   {found}")
        click.echo(f"first      export PREFECT_API_URL={server.api_url}")
        click.echo("a book     prefect deployment run 'book/local' -p project=NAME")
        click.echo("stop       Ctrl-C")
        while worker.process.poll() is None:
            if server.child is not None and server.child.process.poll() is not None:
                raise EnvironmentFault(f"the Prefect server ended: {server.child.last_words()}")
            time.sleep(0.5)
        raise EnvironmentFault(f"the worker ended with exit code {worker.process.returncode}")


@contextlib.contextmanager
def _server(port: int | None) -> Iterator[Server]:
    """The server that already answers, or a new one."""
    url = os.environ.get("PREFECT_API_URL")
    if port is None and url and healthy(url):
        click.echo(f"using the server at {url}")
        yield Server(url, {**profile(), **os.environ})
        return
    with running_server(port or DEFAULT_PORT) as server:
        yield server


@contextlib.contextmanager
def running_server(port: int, home: Path | None = None) -> Iterator[Server]:
    """A server of our own on ``port``; ended on the way out.

    What the environment says goes before our profile.

    Args:
        home: PREFECT_HOME of the server (default: the user's own).

    Raises:
        EnvironmentFault: the port is taken, the home cannot be written, or the server does
            not start; the end of its log is in the message.
    """
    environment = {**profile(), **os.environ}
    environment.pop("PREFECT_API_URL", None)
    if home is not None:
        environment["PREFECT_HOME"] = str(home)
    _check_home(Path(environment.get("PREFECT_HOME", "~/.prefect")).expanduser())
    with socket.socket() as probe:
        # else the connections of a server that has just ended would count as one
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EnvironmentFault(
                f"port {port} cannot be used ({error.strerror}): stop what listens there, or"
                " choose another with --port"
            ) from error
    url = f"http://127.0.0.1:{port}/api"
    # the pages would look for the API at port 4200 whatever the server's own port is
    environment["PREFECT_SERVER_UI_API_URL"] = url
    words = ("server", "start", "--host", "127.0.0.1", "--port", str(port))
    with prefect_child(words, environment) as child:
        deadline = time.monotonic() + READY_S
        while not healthy(url):
            if child.process.poll() is not None:
                raise EnvironmentFault(f"the Prefect server did not start: {child.last_words()}")
            if time.monotonic() > deadline:
                raise EnvironmentFault(
                    f"the Prefect server does not answer after {READY_S:.0f} s:"
                    f" {child.last_words()}"
                )
            time.sleep(0.2)
        yield Server(url, {**environment, "PREFECT_API_URL": url}, child)


@contextlib.contextmanager
def running_worker(environment: Mapping[str, str]) -> Iterator[Child]:
    """A process worker of the pool; ended, with its flow runs, on the way out.

    CASTBOOK_JOBS of the environment says how many runs it works on at once, each in a process
    of its own; further ones wait on the server. Prefect's own bound is none: a hundred orders
    would be a hundred processes.
    """
    limit = environment.get("CASTBOOK_JOBS") or str(max(4, os.cpu_count() or 1))
    words = ("worker", "start", "--pool", POOL, "--type", "process", "--limit", limit)
    with prefect_child(words, environment, echo=True) as child:
        yield child


@dataclass(frozen=True, slots=True)
class Child:
    """A Prefect program that was started here."""

    process: subprocess.Popen[bytes]  # its tether
    log: Path | None

    def last_words(self) -> str:
        """Why it ended, on one line: the last error its log names, or the log's end."""
        if self.log is None:
            return f"exit code {self.process.poll()}"
        text = self.log.read_text("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        named = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b.*: ", line)]
        return (named or [" / ".join(lines[-3:]) or "it said nothing"])[-1]


@contextlib.contextmanager
def prefect_child(
    words: tuple[str, ...], environment: Mapping[str, str], *, echo: bool = False
) -> Iterator[Child]:
    """``prefect WORDS…`` on a tether (``flows/tether.py``), ended on the way out.

    Args:
        echo: its output goes to our stderr; else to a log that is quoted when it fails.
    """
    their_life, our_life = os.pipe()  # never written to: its end is the message
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="castbook-prefect-"))
        log = None if echo else Path(folder) / "log"
        out = sys.stderr.fileno() if log is None else stack.enter_context(log.open("wb"))
        life = stack.enter_context(os.fdopen(our_life, "wb"))
        try:
            process = subprocess.Popen(
                # by its path: this must work where castbook is run without being installed
                [sys.executable, "-P", tether.__file__, str(their_life), *words],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=(their_life,),
                start_new_session=True,  # Ctrl-C is for us; the tether hears of it from us
            )
        finally:
            os.close(their_life)
        try:
            yield Child(process, log)
        finally:
            life.close()
            process.wait(tether.LONGEST_S)


def _check_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise EnvironmentFault(
            f"Prefect keeps its database in {home}, which cannot be written"
            f" ({error.strerror}): set PREFECT_HOME to a folder that can"
        ) from error


def register(server: Server, slots: int | None = None) -> list[str]:
    """Creates or renews the work pool, the deployments, the automations, the device's slots.

    Args:
        slots: of this machine's device; None: CASTBOOK_SLOTS, if that is set.

    Returns:
        Names of the crashed runs that go on as soon as there is a worker.

    Raises:
        EnvironmentFault: the server refuses.
        InputError: CASTBOOK_SLOTS is no number.
    """
    from flows.automations import register_automations, resume_crashed
    from flows.deployment import NAME, register_deployment
    from flows.orders.slots import Slots, limit_name

    asked = server.environment.get("CASTBOOK_SLOTS", "")
    if slots is None and asked:
        if not (asked.isascii() and asked.isdigit() and int(asked)):
            raise InputError(f"cannot be {asked!r}", place="CASTBOOK_SLOTS", expected="1 or more")
        slots = int(asked)
    try:
        if slots is not None:
            with contextlib.closing(Slots(server.api_url, limit_name())) as device:
                device.ensure(slots)
        register_deployment(server.api_url, POOL)
        register_automations(server.api_url)
        return resume_crashed(server.api_url, NAME)
    except Exception as error:  # Prefect's client raises many kinds: all mean the same here
        raise EnvironmentFault(f"{server.api_url} refuses the deployment: {error}") from error


def healthy(url: str) -> bool:
    """Whether a Prefect server answers at ``url``."""
    try:
        return httpx.get(f"{url}/health", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
