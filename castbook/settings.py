"""Where things are found on this machine: the environment variables castbook reads.

| variable | meaning |
|---|---|
| CASTBOOK_BUILD | builds go to ``$CASTBOOK_BUILD/<slug>`` instead of ``<project>/build`` |
| CASTBOOK_PROJECTS | folders (separated like PATH) in which a flow looks for a project by name |
| CASTBOOK_CACHE | weights and other downloads (default: the user's cache folder) |
| CASTBOOK_DATA | voices, takes and outputs of the service and of single texts |
| CASTBOOK_ENGINE | speaks single texts where neither voice nor text names an engine |
| CASTBOOK_WATERMARK | 1: finished single texts bear an inaudible mark (extra ``watermark``) |
| CASTBOOK_FFMPEG | the ffmpeg program to use, before PATH and the bundled one |

Neither project nor build depends on the current directory.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """A snapshot of the environment."""

    build: Path | None  # root of builds, or None: build/ inside each project
    projects: tuple[Path, ...]  # where flows look for projects by name
    cache: Path  # weights
    data: Path  # of the service: its library, takes, outputs
    ffmpeg: str | None  # a program path, or None
    engine: str = ""  # of single texts; "": the library's
    watermark: bool = False  # of single texts and batches

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """The settings that ``environ`` (default: this process's) asks for."""
        env = os.environ if environ is None else environ
        build = env.get("CASTBOOK_BUILD")
        projects = env.get("CASTBOOK_PROJECTS", "")
        cache = env.get("CASTBOOK_CACHE")
        data = env.get("CASTBOOK_DATA")
        return cls(
            build=Path(build).expanduser().absolute() if build else None,
            projects=tuple(
                Path(p).expanduser().absolute() for p in projects.split(os.pathsep) if p
            ),
            cache=Path(cache).expanduser().absolute() if cache else _user_cache(env),
            data=Path(data).expanduser().absolute() if data else _user_data(env),
            ffmpeg=env.get("CASTBOOK_FFMPEG") or None,
            engine=env.get("CASTBOOK_ENGINE", ""),
            watermark=env.get("CASTBOOK_WATERMARK", "") == "1",
        )


def _user_data(env: Mapping[str, str]) -> Path:
    """The platform's folder for what castbook keeps."""
    if sys.platform == "win32":
        return Path(env.get("LOCALAPPDATA", str(Path.home() / "AppData/Local"))) / "castbook/data"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/castbook"
    return Path(env.get("XDG_DATA_HOME", str(Path.home() / ".local/share"))) / "castbook"


def _user_cache(env: Mapping[str, str]) -> Path:
    """The platform's cache folder for castbook (XDG on Linux, the usual places elsewhere)."""
    if sys.platform == "win32":
        return Path(env.get("LOCALAPPDATA", str(Path.home() / "AppData/Local"))) / "castbook/cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/castbook"
    return Path(env.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "castbook"
