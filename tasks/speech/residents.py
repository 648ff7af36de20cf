"""The engines that stay loaded, and no more of them than the machine was promised.

Another option of an engine is another process with its own copy of the weights: texts may ask
for many, so the one that nobody has used for longest goes when there are too many.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator
from pathlib import Path

from tasks.engines import EnginePool
from tasks.voices import EngineSetup
from tts.fleet import Fleet
from tts.host import Host

MOST = 4  # setups kept loaded that nobody uses at the moment, the newest included


class Residents:
    """Engine processes of single texts, by setup. Any number of threads may borrow."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._pool = EnginePool()
        self._lock = threading.Lock()
        self._used: OrderedDict[str, EngineSetup] = OrderedDict()  # the newest last
        self._borrowed: Counter[str] = Counter()

    @contextlib.contextmanager
    def borrow(self, setup: EngineSetup) -> Iterator[Host | Fleet]:
        """The engine of a setup; it is not ended while somebody has it."""
        with self._lock:
            host = self._pool.host(setup)
            self._used[setup.identity] = setup
            self._used.move_to_end(setup.identity)
            self._borrowed[setup.identity] += 1
            surplus = [self._pool.take(old) for old in self._superfluous()]
        for old in surplus:
            if old is not None:
                old.close()
        try:
            yield host
        finally:
            with self._lock:
                self._borrowed[setup.identity] -= 1
                if not self._borrowed[setup.identity]:
                    del self._borrowed[setup.identity]

    def forget(self, setup: EngineSetup, dead: Host | Fleet) -> None:
        """Ends an engine that is dead: the next text begins with a new one. Another one that
        has taken its place meanwhile stays."""
        with self._lock:
            if self._used.get(setup.identity) is None or self._pool.host(setup) is not dead:
                return
            del self._used[setup.identity]
            self._pool.take(setup)
        dead.close()

    def unload(self) -> int:
        """Ends all of them; returns the bytes of main memory that their processes held (0
        where the system does not tell)."""
        freed = resident_bytes(self._pool.pids())
        with self._lock:
            self._used.clear()
        self._pool.close()
        return freed

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the processes that run."""
        return self._pool.pids()

    def _superfluous(self) -> list[EngineSetup]:
        idle = [name for name in self._used if not self._borrowed[name]]
        surplus = max(0, len(self._used) - self._most)
        return [self._used.pop(name) for name in idle[:surplus]]


def resident_bytes(groups: Collection[int]) -> int:
    """Main memory of all processes of these groups, shared pages counted each time."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*") if groups else ():
        with contextlib.suppress(OSError, ValueError, IndexError):
            group = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[2])
            if group in groups:
                total += int((folder / "statm").read_text().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE")
