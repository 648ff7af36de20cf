"""The engine's own process: ``python -m tts.child IN OUT LIFE PARENT``.

Started by ``tts/process.py``. Reads frames from descriptor IN and answers on OUT. Standard
output is not used: whatever an engine or its libraries print there goes where standard error
goes. Its threads:

- the main thread reads: load, prepare, request, stream, more, cancel, bye;
- one thread calls the engine, and nothing else ever does (``tts/worker.py``); an engine with
  several slots that streams is heard by further threads, one for each open stream;
- one thread sends a heartbeat each second, which says whether there was progress.

The process ends when its parent does, and takes its process group along. Three ropes, because
each alone has a hole: IN ends (but an engine may hold the interpreter's lock, and nobody
reads); the kernel signals the parent's death (same hole; but it also works when a fork of the
parent still holds the pipes); and the kernel kills the group when LIFE closes (no Python
needed). The last two are Linux only.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from tts import wire
from tts.outbox import Outbox
from tts.worker import Worker

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_group() -> NoReturn:
    """Ends this process and everything it started, at once."""
    if os.getpgrp() == os.getpid():  # not ours when started by hand from a shell script
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def die_with_parent(parent: int) -> None:
    """Ends the group when the process ``parent`` is gone; main thread only.

    The signal also comes when only the *thread* that started us ends: the host starts us
    from a thread that outlives us. It is SIGTERM, not SIGKILL, because the engine may have
    processes of its own that must end with it.
    """

    def orphaned(number: int, frame: FrameType | None) -> None:
        end_group()

    signal.signal(signal.SIGTERM, orphaned)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel knew that we care
        end_group()


def die_with_pipe(life: int) -> None:
    """Has the kernel kill the process group when the last writing end of ``life`` closes.

    Nobody writes into it: the only event that O_ASYNC can report is its end (pipe(7), F_SETSIG
    in fcntl(2)).
    """
    if sys.platform == "linux":
        fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)


def main(arguments: list[str]) -> None:
    """Runs one engine until ``bye``."""
    inward, outward, life, parent = (int(a) for a in arguments)
    for fd in (inward, outward, life):
        os.set_inheritable(fd, False)  # an engine's own programs must not keep the pipe open
    if os.getpgrp() == os.getpid():
        die_with_pipe(life)
    die_with_parent(parent)
    outbox = Outbox(outward, end_group)
    worker = Worker(outbox)
    stop = threading.Event()
    threading.Thread(target=outbox.beat, args=[stop], name="heartbeat", daemon=True).start()
    engine = threading.Thread(target=worker.run, name="engine", daemon=True)
    engine.start()
    decoder = wire.Decoder()
    goodbye = False
    while not goodbye:
        try:
            frames = wire.receive(inward, decoder)
        except EOFError:
            end_group()
        for frame in frames:
            goodbye = goodbye or frame.header["is"] == "bye"
            worker.receive(frame)
    engine.join()
    stop.set()


if __name__ == "__main__":
    main(sys.argv[1:])
