"""Advisory claims: what other processes are synthesising right now.

One small file per process (``claims/<host>-<pid>.json``) lists the keys it works on; its
modification time is the heartbeat. A claim whose heartbeat is older than 90 s is stale.
Claims avoid double work and are never needed for correctness: a lost or ignored claim
costs a duplicate take, which the store discards.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from castbook.files import finished, write_text

STALE_S = 90.0
HEARTBEAT_S = 20.0


class Claims:
    """This process's claim on a build, and a view of the others'."""

    def __init__(self, folder: Path, stale_s: float = STALE_S) -> None:
        self._folder = folder
        self._stale_s = stale_s
        self._name = f"{platform.node()}-{os.getpid()}.json"
        self._keys: set[str] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._heart: threading.Thread | None = None

    @contextlib.contextmanager
    def hold(self, keys: Iterable[str]) -> Iterator[None]:
        """Claims ``keys`` while the block runs."""
        keys = set(keys)
        with self._lock:
            self._keys |= keys
            self._write()
            if self._heart is None:
                self._heart = threading.Thread(target=self._beat, name="claims", daemon=True)
                self._heart.start()
        try:
            yield
        finally:
            with self._lock:
                self._keys -= keys
                self._write()

    def others(self) -> frozenset[str]:
        """Keys that other living processes claim."""
        keys: set[str] = set()
        now = time.time()
        for path in finished(self._folder, "*.json"):
            if path.name == self._name:
                continue
            with contextlib.suppress(OSError, ValueError):
                if now - path.stat().st_mtime <= self._stale_s and not _dead(path.stem):
                    keys.update(json.loads(path.read_text("utf-8")))
        return frozenset(keys)

    def close(self) -> None:
        """Ends the heartbeat and withdraws the claim."""
        self._stop.set()
        if self._heart is not None:
            self._heart.join()
        with contextlib.suppress(FileNotFoundError):
            (self._folder / self._name).unlink()

    def _write(self) -> None:
        write_text(self._folder / self._name, json.dumps(sorted(self._keys)))

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_S):
            with contextlib.suppress(OSError):
                os.utime(self._folder / self._name)


def _dead(stem: str) -> bool:
    """Whether a claim of this very machine belongs to a process that is gone."""
    host, _, pid = stem.rpartition("-")
    if host != platform.node() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
