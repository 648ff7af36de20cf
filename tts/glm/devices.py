"""Which devices the engine works on; light: nothing is asked but the system's own lists."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tts.glm.options import Options

_DEVICES = Path("/dev")


def chosen(
    options: Options, environ: Mapping[str, str] | None = None, devices: Path = _DEVICES
) -> tuple[str, ...]:
    """The devices that the option names; for ``auto`` every GPU, else the CPU.

    Args:
        environ: may hold ``CUDA_VISIBLE_DEVICES``, as the driver's libraries read it.
        devices: where the driver shows its devices.
    """
    if options.device != ("auto",):
        return tuple("cuda:0" if name == "cuda" else name for name in options.device)
    count = _graphics(os.environ if environ is None else environ, devices)
    return tuple(f"cuda:{number}" for number in range(count)) or ("cpu",)


def kind_of(device: str) -> str:
    """ "cpu" or "cuda"."""
    return device.partition(":")[0]


def _graphics(environ: Mapping[str, str], devices: Path) -> int:
    there = sum(1 for path in devices.glob("nvidia[0-9]*"))
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return there
    named = [name.strip() for name in visible.split(",") if name.strip()]
    for number, name in enumerate(named):
        if name.startswith("-"):  # what follows a device that does not exist is not seen
            named = named[:number]
            break
    return min(there, len(named))
