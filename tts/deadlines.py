"""When an engine process is taken for stalled, frozen, or too slow to load.

A pause of our own (the whole program stopped, the machine asleep) is not held against it.
"""

from __future__ import annotations

import time

FROZEN_S = 5.0  # without a heartbeat, which comes each second; less may be a busy machine


class Deadlines:
    """Of one process, from its start. Used by the thread that hears it, after each wait.

    Args:
        ready_s: for loading, in seconds.
        stall_s: without progress of any request, in seconds.
    """

    def __init__(self, ready_s: float, stall_s: float) -> None:
        self._stall_s = stall_s
        self._now = self._heard_at = time.monotonic()
        self._ready_by = self._now + ready_s

    def turn(self, heard: bool) -> bool:
        """Another wait is over; ``heard``: with a message.

        Returns:
            Whether *we* were stopped (Ctrl-Z) or starved meanwhile: all that waits begins anew.
        """
        before, self._now = self._now, time.monotonic()
        stopped = self._now - before > FROZEN_S
        if stopped:
            self._ready_by += self._now - before
        if heard or stopped:
            self._heard_at = self._now
        return stopped

    def overdue(self, progress_at: float | None) -> str | None:
        """Why a loaded process should be killed, if so.

        Args:
            progress_at: of any request, monotonic seconds; None when nothing is asked.
        """
        silent_s = self._now - self._heard_at
        if silent_s > max(FROZEN_S, self._stall_s):
            return f"the engine process froze for {silent_s:.0f} s"
        if progress_at is not None and self._now - progress_at > self._stall_s:
            return f"the engine made no progress for {self._stall_s:g} s"
        return None

    def unready(self) -> bool:
        """Whether it should have loaded by now."""
        return self._now > self._ready_by
