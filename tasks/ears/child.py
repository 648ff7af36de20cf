"""The recogniser's own process: ``python -m tasks.ears.child IN OUT LIFE PARENT RECOGNISER``.

Started by ``tasks/ears/listener.py``; one take at a time. Frames (``tts/wire.py``) come on IN
and are answered on OUT; whatever a library prints goes where standard error goes. Why a
process: the wheel of PyAV, which faster-whisper imports, holds GPL libraries (x264, x265),
which must not be in castbook's process; and a model that dies takes no book with it.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import numpy as np

from tts import wire
from tts.child import die_with_parent, die_with_pipe


def main(arguments: list[str]) -> None:
    """Hears until the pipe ends."""
    inward, outward, life, parent = (int(a) for a in arguments[:4])
    for fd in (inward, outward, life):
        os.set_inheritable(fd, False)
    if os.getpgrp() == os.getpid():
        die_with_pipe(life)
    die_with_parent(parent)
    module, _, name = arguments[4].partition(":")
    recogniser: Any = None
    decoder = wire.Decoder()
    while True:
        try:
            frames = wire.receive(inward, decoder)
        except EOFError:
            return
        for frame in frames:
            if frame.header["is"] == "load":
                try:
                    recogniser = getattr(importlib.import_module(module), name)(
                        frame.header["folder"]
                    )
                except (ImportError, RuntimeError, ValueError, OSError) as error:
                    reason = f"{type(error).__name__}: {error}"
                    wire.send(outward, wire.encode({"is": "unloadable", "reason": reason}))
                    return
                answer = {
                    "is": "ready",
                    "device": recogniser.device,
                    "languages": list(recogniser.languages),
                }
            else:
                samples = np.frombuffer(frame.payload, np.float32)
                answer = {"is": "heard", **recogniser.hear(samples, frame.header["language"])}
            wire.send(outward, wire.encode(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
