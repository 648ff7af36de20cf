"""What was seen before: numbers that may be used once, until they are over anyway.

Of this process: a replay that reaches another process is caught by the idempotency key of the
order it asks for.
"""

from __future__ import annotations

import threading

_MOST = 100_000  # about 20 MB


class Replays:
    """Remembers a value under a number until an end (Unix seconds)."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._seen: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def first(self, number: str, until: float, now: float) -> bool:
        """Whether ``number`` comes for the first time; it is remembered."""
        with self._lock:
            if self._known(number, now) is not None:
                return False
            self._remember(number, until, "", now)
            return True

    def same(self, number: str, value: str, until: float, now: float) -> bool:
        """Whether ``number`` came with no other value before; it is remembered."""
        with self._lock:
            known = self._known(number, now)
            if known is None:
                self._remember(number, until, value, now)
            return known is None or known == value

    def _known(self, number: str, now: float) -> str | None:
        until, value = self._seen.get(number, (0.0, ""))
        return value if until > now else None

    def _remember(self, number: str, until: float, value: str, now: float) -> None:
        if len(self._seen) >= self._most:
            self._seen = {key: seen for key, seen in self._seen.items() if seen[0] > now}
        if len(self._seen) >= self._most:  # only signed numbers get here: a flood of our own
            self._seen.pop(next(iter(self._seen)))
        self._seen[number] = (until, value)
