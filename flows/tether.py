"""A Prefect program on a tether: ``python -P flows/tether.py LIFE WORDS…``.

Runs ``prefect WORDS…`` until it ends, or until the pipe LIFE is closed: by ``castbook up`` on
its way out, or by the kernel when ``castbook up`` was killed. Then everything the program
started is ended too. A process worker does not do that itself: told to stop, it leaves its
flow runs, which are sessions of their own, to run on without it (prefect 3.8.8).

Flow runs go first, while worker and server can still record what happened to them: they are
seen as crashed, and the next ``castbook up`` goes on with them. Imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from pathlib import Path

RUNS_S = 8.0  # for flow runs to end by themselves; their takes are on disk at any time
REPORT_S = 2.0  # for the worker to report those that were killed: it took 0.6 s
PROGRAM_S = 8.0  # for the program itself
LONGEST_S = RUNS_S + REPORT_S + PROGRAM_S + 5.0  # from the closed pipe to the end of all
_POLL_S = 0.1
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def main(arguments: list[str]) -> int:
    """Runs the program on its tether; its exit code, or 0 when it was asked to end."""
    life, words = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        # what loses its parent becomes our child, and is found when all is ended
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    terminated = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: terminated.set())
    # -P: the folder castbook was called in may hold a prefect/ of somebody else
    program = subprocess.Popen([sys.executable, "-P", "-m", "prefect", *words])
    asked = False
    while program.poll() is None and not asked:
        asked = bool(select.select([life], [], [], _POLL_S)[0]) or terminated.is_set()
    if asked:
        _end_gently(program)
    _kill(descendants(os.getpid()))
    program.wait()
    return 0 if asked else program.returncode


def _end_gently(program: subprocess.Popen[bytes]) -> None:
    runs = descendants(program.pid)
    if runs:
        _tell(runs, signal.SIGTERM)
        _wait(runs, RUNS_S)
        _kill(runs)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(REPORT_S)
    with contextlib.suppress(ProcessLookupError):
        program.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(PROGRAM_S)


def descendants(root: int) -> list[int]:
    """Every living process below ``root``, parents before children."""
    children: dict[int, list[int]] = {}
    for pid, parent in _processes():
        children.setdefault(parent, []).append(pid)
    found = list(children.get(root, ()))
    for pid in found:  # grows while it is read
        found += children.get(pid, ())
    return found


def _processes() -> list[tuple[int, int]]:
    """(pid, parent) of every process that is not a zombie."""
    if sys.platform != "linux":
        table = subprocess.run(
            ["ps", "-axo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
        ).stdout
        rows = (line.split() for line in table.splitlines())
        return [(int(row[0]), int(row[1])) for row in rows if not row[2].startswith("Z")]
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended while we looked
                # "PID (name, with anything in it) STATE PPID …"
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    found.append((int(entry.name), int(parent)))
    return found


def _tell(pids: Collection[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _kill(pids: Collection[int]) -> None:
    _tell(pids, signal.SIGKILL)


def _wait(pids: Collection[int], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and {pid for pid, _ in _processes()} & set(pids):
        time.sleep(_POLL_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
