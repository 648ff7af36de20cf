"""``castbook serve``: what it refuses, what it says, that nothing is left of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fake_orders import FakeOrders

from castbook.errors import EnvironmentFault, InputError, Unavailable
from flows.cli import main
from service.companions import Companions, environment_of, free_port, only_one
from service.gate import Gate
from service.serving import Serving, listen, settings_of
from service.settings import ServiceSettings
from service.starting import LateOrders

ROOT = Path(__file__).resolve().parents[2]


def children(pid: int) -> set[int]:
    """All living processes below ``pid``."""
    from flows.tether import descendants

    return set(descendants(pid))


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """``castbook serve`` as a program, and the file it says everything to."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CASTBOOK", "PREFECT"))}
    said = folder / "said"
    words = ["--no-jobs", "--port", "0", "--engine", "tone", "--data", str(folder / "data")]
    with said.open("wb") as out:
        program = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "serve", *words],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
    try:
        deadline = time.monotonic() + 30
        while "stop " not in said.read_text("utf-8"):
            assert program.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        yield program, said
    finally:
        program.kill()
        program.wait(10)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_nothing_is_left(tmp_path: Path, how: signal.Signals) -> None:
    with serving(tmp_path) as (program, said):
        address = said.read_text("utf-8").split()[1]
        spoken = httpx.post(f"{address}/v1/audio/speech", json={"input": "Hello."}, timeout=30)
        assert spoken.status_code == 200
        engines = children(program.pid)
        assert engines
        program.send_signal(how)
        code = program.wait(15)
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in engines) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in engines if Path(f"/proc/{pid}").exists()]
    text = said.read_text("utf-8")
    assert f"base_url {address}/v1" in text
    assert "good for   one person" in text
    assert str(tmp_path / "data") in text
    if how is signal.SIGTERM:
        assert code == 0
        assert text.rstrip().endswith("stopped")


def test_a_public_address_without_authentication_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CASTBOOK_API_KEYS", "CASTBOOK_WEBHOOK_TOKENS", "CASTBOOK_HOST"):
        monkeypatch.delenv(name, raising=False)
    words = ["serve", "--no-jobs", "--port", "0", "--data", str(tmp_path)]
    for host in ("0.0.0.0", "::"):
        assert main([*words, "--host", host]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "CASTBOOK_API_KEYS=name:key" in error


def test_an_engine_or_a_folder_that_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    words = ["serve", "--no-jobs", "--port", "0"]
    for more, expected in (
        (["--data", str(tmp_path), "--engine", "nonsense"], "no engine called 'nonsense'"),
        (["--data", str(tmp_path / "file" / "data")], "a file stands where a folder should be"),
    ):
        assert main([*words, *more]) in (1, 2)
        error = capsys.readouterr().err
        assert error.count("\n") == 1, error
        assert expected in error


def test_a_taken_port_is_one_line() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentFault, match=f"port {port} cannot be used.*--port"):
            listen("127.0.0.1", port)
        assert free_port(port) != port
    with pytest.raises(EnvironmentFault, match="cannot be used"):
        listen("no.such.host.invalid", 0)


def test_the_command_line_goes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASTBOOK_DATA", str(tmp_path / "told"))
    monkeypatch.setenv("CASTBOOK_PORT", "8001")
    monkeypatch.delenv("CASTBOOK_PROJECTS", raising=False)
    told = settings_of(Serving())
    assert (told.data, told.port, told.projects) == (tmp_path / "told", 8001, (tmp_path,))
    (tmp_path / "projects").mkdir()
    asked = settings_of(Serving(port=0, data=Path("asked"), engine="tone"))
    assert (asked.data, asked.port, asked.engine) == (tmp_path / "asked", 0, "tone")
    assert asked.projects == (tmp_path / "projects",)
    monkeypatch.setenv("CASTBOOK_PORT", "http")
    with pytest.raises(InputError, match="CASTBOOK_PORT"):
        settings_of(Serving())


def test_orders_wait_for_their_server() -> None:
    async def story() -> None:
        late, real = LateOrders(), FakeOrders()
        with pytest.raises(Unavailable, match="still starting"):
            await late.place("speech", {})
        assert not await late.healthy()
        listener = asyncio.create_task(anext(aiter(late.events())))
        late.open(real)
        assert await late.healthy() == await real.healthy()
        placed = await late.place("speech", {"text": "Hello."}, principal="ada")
        assert await late.get(placed.order.id) == await real.get(placed.order.id)
        listener.cancel()
        late.fail("the server ended")
        with pytest.raises(Unavailable, match="the server ended"):
            await late.find()

    asyncio.run(story())


def test_companions_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first worker dies at once; with the second all is well, until the end."""
    started: list[Mapping[str, str]] = []
    stopped = threading.Event()

    @contextlib.contextmanager
    def server(port: int, home: Path) -> Iterator[Any]:
        yield SimpleNamespace(
            api_url=f"http://127.0.0.1:{port}/api", environment={}, child=None, dashboard="here"
        )

    @contextlib.contextmanager
    def worker(environment: Mapping[str, str]) -> Iterator[Any]:
        started.append(environment)
        code = 1 if len(started) == 1 else None
        yield SimpleNamespace(process=SimpleNamespace(poll=lambda: code))
        stopped.set()

    monkeypatch.setattr("flows.server.running_server", server)
    monkeypatch.setattr("flows.server.running_worker", worker)
    monkeypatch.setattr("flows.server.register", lambda server, slots: ["night-heron"])
    monkeypatch.setattr("service.companions.device_slots", lambda url: None)
    monkeypatch.setattr("service.companions.AGAIN_S", 0.01)
    monkeypatch.setattr("service.companions._LOOK_S", 0.01)
    said: list[str] = []
    orders, gate = LateOrders(), Gate()
    settings = ServiceSettings(tmp_path, slots=2)
    environment = environment_of(settings, (tmp_path,))
    with Companions(settings, orders, gate, environment, said.append):
        deadline = time.monotonic() + 20
        while len([line for line in said if "ready" in line]) < 2:
            assert time.monotonic() < deadline, said
            time.sleep(0.01)
        with pytest.raises(EnvironmentFault, match="another castbook serve"):
            only_one(tmp_path / "prefect").__enter__()
    assert stopped.is_set()
    assert any("the worker ended" in line for line in said)
    assert started[1]["CASTBOOK_SLOTS"] == "2"
    assert started[1]["CASTBOOK_DATA"] == str(tmp_path)


def test_the_gate_holds_a_slot_once_there_are_any() -> None:
    held: list[str] = []

    class Slots:
        @contextlib.contextmanager
        def one(self) -> Iterator[None]:
            held.append("taken")
            yield
            held.append("given back")

    gate = Gate()
    with gate():
        assert not held
    gate.share(Slots())
    with gate():
        assert held == ["taken"]
        gate.share(None)  # the server has gone: what is being spoken goes on
    assert held == ["taken", "given back"]
    with gate():
        assert len(held) == 2


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Nagle's algorithm is off: asyncio does that only for sockets that say they are TCP."""

    async def ask() -> int:
        nodelay: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            wire = writer.get_extra_info("socket")
            nodelay.set_result(wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listen("127.0.0.1", 0) as listening:
            async with await asyncio.start_server(answer, sock=listening):
                _, writer = await asyncio.open_connection(*listening.getsockname())
                found = await asyncio.wait_for(nodelay, 10)
                writer.close()
        return found

    assert asyncio.run(ask()) == 1
