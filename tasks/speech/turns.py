"""Who may speak now: a few at once, the others in the order they came, nobody for ever."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

from castbook.errors import Unavailable


class Turns:
    """``slots`` turns at once. Any number of threads may ask.

    Args:
        patience_s: nobody waits longer for a turn, in seconds.
    """

    def __init__(self, slots: int, patience_s: float) -> None:
        self._slots = slots
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._line: deque[object] = deque()  # who waits, the first first
        self._taken = 0
        self._stopped = 0  # by how many who want to be alone

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._line)

    @property
    def taken(self) -> int:
        """How many speak."""
        return self._taken

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """A turn, held inside.

        Raises:
            Unavailable: none came in time.
        """
        self._wait()
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Inside nobody has a turn: waits for those who have one, and lets no other begin.

        Raises:
            Unavailable: they did not end in time.
        """
        with self._changed:
            self._stopped += 1
            try:
                if not self._changed.wait_for(lambda: not self._taken, self._patience_s):
                    raise Unavailable("texts are still being spoken; ask again when they are done")
            except BaseException:
                self._stopped -= 1
                self._changed.notify_all()
                raise
        try:
            yield
        finally:
            with self._changed:
                self._stopped -= 1
                self._changed.notify_all()

    def _wait(self) -> None:
        me = object()
        with self._changed:
            self._line.append(me)
            try:
                came = self._changed.wait_for(lambda: self._may(me), self._patience_s)
            finally:  # Ctrl-C too: nobody waits behind one who has gone
                self._line.remove(me)
                self._changed.notify_all()
            if not came:
                before = len(self._line) + self._taken
                raise Unavailable(
                    f"texts before this one: {before}; try again in a moment", retry_after_s=5
                )
            self._taken += 1

    def _may(self, me: object) -> bool:
        return not self._stopped and self._taken < self._slots and self._line[0] is me
