"""The engine processes of this flow process: one per setup, shared by all tasks.

A setup is an engine with its options. Its child process, or one for each device that the engine
can use, is started when the first segment needs it and ended when the run ends.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from castbook.errors import ProjectError
from tasks.voices import EngineSetup
from tts.fleet import Fleet
from tts.host import Host
from tts.registry import make_engine

_HOST_OPTIONS: Mapping[str, tuple[type, ...]] = {
    "python": (str,),
    "stall_s": (int, float),
    "ready_s": (int, float),
}


class EnginePool:
    """Hosts by setup. Use as a context manager: leaving it ends all engine processes."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host | Fleet] = {}
        self._sampling: dict[str, str] = {}
        self._widths: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def host(self, setup: EngineSetup) -> Host | Fleet:
        """The (not yet necessarily started) process or processes of a setup."""
        with self._lock:
            if setup.identity not in self._hosts:
                options, hosting = split_options(setup)
                engine = make_engine(setup.name, options)
                hosting = {"ready_s": engine.ready_s, "stall_s": engine.stall_s, **hosting}
                hosts = [Host(setup.name, each, **hosting) for each in engine.replicas()]
                self._hosts[setup.identity] = (
                    hosts[0] if len(hosts) == 1 else Fleet(hosts, engine.measure)
                )
            return self._hosts[setup.identity]

    def width(self, setup: EngineSetup) -> tuple[int, int]:
        """(segments per task, requests at once on all devices) of a setup with its options."""
        with self._lock:
            if setup.identity not in self._widths:
                engine = make_engine(setup.name, split_options(setup)[0])
                able = engine.capabilities
                self._widths[setup.identity] = able.batch_hint, able.slots * len(engine.replicas())
            return self._widths[setup.identity]

    def sampling_fingerprint(self, setup: EngineSetup) -> str:
        """What decides the speech tokens of a setup's engine; see ``Engine``."""
        with self._lock:
            if setup.identity not in self._sampling:
                engine = make_engine(setup.name, split_options(setup)[0])
                self._sampling[setup.identity] = engine.sampling_fingerprint()
            return self._sampling[setup.identity]

    def take(self, setup: EngineSetup) -> Host | Fleet | None:
        """Gives away what a setup has, to be closed by the caller; who asks for the setup again
        gets new processes."""
        with self._lock:
            return self._hosts.pop(setup.identity, None)

    def pids(self) -> tuple[int, ...]:
        """Of the engine processes that run; each leads a group of its own."""
        with self._lock:
            hosts = list(self._hosts.values())
        each = [
            one for host in hosts for one in (host.hosts if isinstance(host, Fleet) else [host])
        ]
        return tuple(pid for pid in (host.pid for host in each) if pid is not None)

    def close(self) -> None:
        """Ends all engine processes."""
        with self._lock:
            hosts, self._hosts = list(self._hosts.values()), {}
        for host in hosts:
            host.close()

    def __enter__(self) -> EnginePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def split_options(setup: EngineSetup) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The engine's own options, and those of its process (``host: {python, stall_s, …}``).

    Raises:
        ProjectError: an unknown or mistyped option of the process.
    """
    options = dict(setup.options)
    hosting = options.pop("host", {})
    place = f"engines.{setup.name}.host"
    if not isinstance(hosting, Mapping):
        raise ProjectError("not a map", place=place, expected="python, stall_s or ready_s")
    for key, value in hosting.items():
        kind = _HOST_OPTIONS.get(key)
        if kind is None:
            raise ProjectError(
                "unknown key", place=f"{place}.{key}", expected=", ".join(_HOST_OPTIONS)
            )
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ProjectError(f"cannot be {value!r}", place=f"{place}.{key}")
    found = dict(hosting)
    if "python" in found:
        found["python"] = str(Path(found["python"]).expanduser())
    return options, found
