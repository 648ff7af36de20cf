"""One slot of a device for all rows that a process speaks at once.

A slot is a process's right to a device. An engine with slots of its own speaks many rows beside
one another: were each row to wait for a slot, they would go one by one. So the first row takes
the slot and the others share it; every half minute it is given back for a moment, so that a
batch of thousands does not keep others from the device until it ends.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

HOLD_S = 30.0  # rows that come later wait for the next turn
# longer than the longest pause of those who wait for a slot (flows/orders/slots.py: 1 s): they
# ask in between. 4 % of the time, where slots are configured.
BREATH_S = 1.2


class SharedSlot:
    """A slot, shared by the threads of a process.

    Args:
        take: holds the slot; may be left on another thread than it was entered on.
    """

    def __init__(
        self,
        take: Callable[[], AbstractContextManager[None]],
        *,
        hold_s: float = HOLD_S,
        breath_s: float = BREATH_S,
    ) -> None:
        self._take = take
        self._hold_s = hold_s
        self._breath_s = breath_s
        self._turn = threading.Condition()
        self._held: contextlib.ExitStack | None = None
        self._taken_at = 0.0
        self._free_at = 0.0  # not to be taken again before
        self._sharing = 0
        self._taking = False

    @contextlib.contextmanager
    def share(self) -> Iterator[None]:
        """Inside, this process holds the slot.

        Raises:
            Unavailable, EnvironmentFault: whatever ``take`` says.
        """
        self._join()
        try:
            yield
        finally:
            self._leave()

    def _join(self) -> None:
        with self._turn:
            while self._taking or (self._held is not None and self._over()):
                self._turn.wait()
            if self._held is not None:
                self._sharing += 1
                return
            self._taking = True
        stack = contextlib.ExitStack()
        try:
            # waited outside the lock: rows that end must not wait for it
            time.sleep(max(0.0, self._free_at - time.monotonic()))
            stack.enter_context(self._take())
        except BaseException:
            with self._turn:
                self._taking = False
                self._turn.notify_all()
            raise
        with self._turn:
            self._held, self._taken_at = stack, time.monotonic()
            self._taking, self._sharing = False, 1
            self._turn.notify_all()

    def _leave(self) -> None:
        with self._turn:
            self._sharing -= 1
            if self._sharing:
                return
            stack, self._held = self._held, None
            if self._over():
                self._free_at = time.monotonic() + self._breath_s
            try:
                if stack is not None:
                    stack.close()
            finally:  # even where giving back failed: else those who wait would wait for ever
                self._turn.notify_all()

    def _over(self) -> bool:
        return time.monotonic() - self._taken_at >= self._hold_s
