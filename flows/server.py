"""``castbook up``: a Prefect server with castbook's profile, the deployment, and one worker.

Uses a server that already answers at PREFECT_API_URL; else starts one. Everything started
here is ended here: Ctrl-C and SIGTERM leave no process behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
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

from castbook.errors import EnvironmentFault
from castbook.resources import read_config
from castbook.settings import Settings

POOL = "castbook"
DEFAULT_PORT = 4200
READY_S = 120.0
GOODBYE_S = 10.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    api_url: str
    environment: Mapping[str, str]  # for processes that shall speak to it

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
    """Runs until it is interrupted; returns 0."""
    roots = projects or Settings.read().projects or (Path.cwd(),)
    found = os.pathsep.join(str(root.absolute()) for root in roots)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(_server(port))
        environment = {**server.environment, "CASTBOOK_PROJECTS": found}
        register(server)
        worker = stack.enter_context(running_worker(environment))
        click.echo(f"dashboard  {server.dashboard}")
        click.echo(f"projects   {found}")
        click.echo("a book     prefect deployment run 'book/local' -p project=NAME")
        click.echo(f"           after: export PREFECT_API_URL={server.api_url}")
        click.echo("stop       Ctrl-C")
        while worker.poll() is None:
            time.sleep(0.5)
        raise EnvironmentFault(f"the worker ended with code {worker.returncode}")


@contextlib.contextmanager
def _server(port: int | None) -> Iterator[Server]:
    """The server that already answers, or a new one."""
    url = os.environ.get("PREFECT_API_URL")
    if port is None and url and healthy(url):
        click.echo(f"using the server at {url}")
        yield Server(url, {**os.environ, **profile()})
        return
    with running_server(port or DEFAULT_PORT) as server:
        yield server


@contextlib.contextmanager
def running_server(port: int, home: Path | None = None) -> Iterator[Server]:
    """A server of our own on ``port``; ended on the way out.

    Args:
        home: PREFECT_HOME of the server (default: the user's own).

    Raises:
        EnvironmentFault: the port is taken, or the server does not start; the last lines of
            its log are in the message.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EnvironmentFault(
                f"port {port} is taken: stop what listens there, or choose another with --port"
            ) from error
    url = f"http://127.0.0.1:{port}/api"
    environment = {**os.environ, **profile()}
    environment.pop("PREFECT_API_URL", None)
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
        environment["PREFECT_HOME"] = str(home)
    words = ("server", "start", "--host", "127.0.0.1", "--port", str(port))
    with prefect_child(words, environment) as child:
        deadline = time.monotonic() + READY_S
        while not healthy(url):
            if child.process.poll() is not None or time.monotonic() > deadline:
                raise EnvironmentFault(f"the Prefect server did not start: {child.last_words()}")
            time.sleep(0.2)
        yield Server(url, {**environment, "PREFECT_API_URL": url})


@contextlib.contextmanager
def running_worker(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process worker of the pool; ended, with its flow runs, on the way out."""
    words = ("worker", "start", "--pool", POOL, "--type", "process")
    with prefect_child(words, environment, echo=True) as child:
        yield child.process


@dataclass(frozen=True, slots=True)
class Child:
    """A Prefect program that was started here."""

    process: subprocess.Popen[bytes]
    log: Path | None

    def last_words(self) -> str:
        """The end of its log, on one line."""
        if self.log is None:
            return f"exit code {self.process.poll()}"
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return " / ".join(line.strip() for line in lines[-3:]) or "it said nothing"


@contextlib.contextmanager
def prefect_child(
    words: tuple[str, ...], environment: Mapping[str, str], *, echo: bool = False
) -> Iterator[Child]:
    """``prefect WORDS…`` in a process group of its own, ended on the way out.

    Args:
        echo: its output goes to our stderr; else to a log that is quoted when it fails.
    """
    with tempfile.TemporaryDirectory(prefix="castbook-prefect-") as folder:
        log = None if echo else Path(folder) / "log"
        with contextlib.ExitStack() as files:
            out = sys.stderr.fileno() if log is None else files.enter_context(log.open("wb"))
            process = subprocess.Popen(
                [sys.executable, "-m", "prefect", *words],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT if log is not None else out,
                start_new_session=True,
            )
        try:
            yield Child(process, log)
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Asks a process group to end; kills what has not after ten seconds."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GOODBYE_S)
            break
    # what the group's leader left behind goes too
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def register(server: Server) -> None:
    """Creates or renews the work pool, the deployment and the automations.

    Raises:
        EnvironmentFault: the server refuses.
    """
    from flows.automations import register_automations
    from flows.deployment import register_deployment

    try:
        register_deployment(server.api_url, POOL)
        register_automations(server.api_url)
    except Exception as error:  # Prefect's client raises many kinds: all mean the same here
        raise EnvironmentFault(f"{server.api_url} refuses the deployment: {error}") from error


def healthy(url: str) -> bool:
    """Whether a Prefect server answers at ``url``."""
    try:
        return httpx.get(f"{url}/health", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
