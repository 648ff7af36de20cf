"""What this machine offers the engine, for ``castbook doctor``; light, and never fails.

Graphics processors are asked through the driver's own program, not through torch: that takes
milliseconds instead of seconds and leaves their memory alone. Whether torch can really use one
is shown by the self-test of ``castbook get glm``.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tts.glm.memory import Need, need
from tts.glm.options import Options
from tts.glm.place import missing

_PATIENCE_S = 10.0  # a hung driver must not hang the doctor
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Device:
    """Something that can calculate, and its memory."""

    name: str  # as the option ``device`` calls it
    model: str
    free: int  # bytes
    total: int

    @property
    def kind(self) -> str:
        """ "cpu" or "cuda"."""
        return self.name.partition(":")[0]


def devices() -> tuple[Device, ...]:
    """Graphics processors first, then the machine itself."""
    return (*_graphics(), _machine())


def describe(options: Options, found: tuple[Device, ...] | None = None) -> dict[str, str]:
    """Lines for ``castbook doctor``: versions, devices, memory against need.

    Args:
        found: the devices, if they are known.
    """
    facts = {"state": missing(options) or "ready"}
    for package in ("torch", "torchaudio", "onnxruntime", "wetext"):
        facts[package] = _version(package)
    there = devices() if found is None else found
    for device in there:
        if _asked(device, options):
            needed = need(options, device.kind, cores=os.cpu_count() or 1)
            facts[f"{device.name} ({device.model})"] = _against(device, needed)
    for name in options.device:
        if name != "auto" and not any(name in (device.name, device.kind) for device in there):
            facts[name] = "not found on this machine"
    return facts


def _asked(device: Device, options: Options) -> bool:
    return any(name in ("auto", device.name, device.kind) for name in options.device)


def _against(device: Device, needed: Need) -> str:
    if not device.total:
        return f"{_gib(needed.total)} GiB needed; how much is free is not known here"
    parts = (
        f"weights {_gib(needed.weights)}, keys and values {_gib(needed.cache)}, "
        f"reading voices {_gib(needed.reference)}, at work about {_gib(needed.work)}"
    )
    verdict = "enough"
    if device.free < needed.total:
        verdict = "not enough: free some, or set slots: 8 or preset: debug under engines: {glm: …}"
        if device.free < needed.total - needed.cache:
            verdict = "too little for this model: use another device"
    return (
        f"{_gib(device.free)} of {_gib(device.total)} GiB free, {_gib(needed.total)} needed "
        f"({parts}): {verdict}"
    )


def _graphics() -> list[Device]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = "--query-gpu=index,name,memory.free,memory.total"
    try:
        told = subprocess.run(
            [program, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return parse_graphics(told)


def parse_graphics(told: str) -> list[Device]:
    """The devices in what nvidia-smi printed: number, name, MiB free, MiB in all."""
    found = []
    for line in told.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) < 4:
            continue
        number, *name, free, total = parts
        if number.isdigit() and free.isdigit() and total.isdigit():
            sizes = int(free) << 20, int(total) << 20
            found.append(Device(f"cuda:{number}", ", ".join(name), *sizes))
    return found


def _machine() -> Device:
    free = total = 0
    try:  # Linux; elsewhere the sizes stay unknown
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        sizes = {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        free, total = sizes["MemAvailable"], sizes["MemTotal"]
    except (OSError, ValueError, KeyError, IndexError):
        pass
    return Device("cpu", platform.machine(), free, total)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f}"
