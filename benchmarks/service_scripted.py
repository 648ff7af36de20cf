"""An engine whose first chunk is dated: the tone engine, writing down when each chunk is there.

It comes as an engine of somebody else's would, by an entry point of a distribution, and runs in
the process of its own that every engine has. Its clock is the machine's monotonic one, which
all processes share.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from tts.engine import Pcm, Request
from tts.registry import GROUP
from tts.tone import ToneEngine

NAME = "scripted"


class ScriptedEngine(ToneEngine):
    """Takes the options of the tone engine, and ``diary``: the file that gets one line a chunk."""

    name: ClassVar[str] = NAME

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        told = dict(options or {})
        self._diary = Path(told.pop("diary", os.devnull))
        super().__init__(told)
        self.options = dict(options or {})  # with which its process makes it anew

    def stream(self, request: Request) -> Iterator[Pcm]:
        with self._diary.open("a", encoding="utf-8") as diary:
            for chunk in super().stream(request):
                print(time.monotonic(), file=diary, flush=True)
                yield chunk


def installed(folder: Path) -> Path:
    """A folder for PYTHONPATH on which castbook finds the engine."""
    described = folder / "castbook_scripted-1.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: castbook-scripted\nVersion: 1\n", "utf-8"
    )
    (described / "entry_points.txt").write_text(
        f"[{GROUP}]\n{NAME} = {__name__}:{ScriptedEngine.__name__}\n", "utf-8"
    )
    return folder


def chunk_times(diary: Path) -> list[float]:
    """Seconds of the monotonic clock, in the order of the chunks."""
    return [float(line) for line in diary.read_text("utf-8").splitlines()]
