"""A bucket of tokens for each caller: it fills at a steady rate and holds a minute's worth."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network

from service.security.addresses import Address

WRONG_KEY_COST = 10  # tokens: a guesser runs dry after a tenth of what a client may ask
_MOST_BUCKETS = 20_000  # the longest unused goes first; a new bucket is full, so none loses


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer to one request."""

    granted: bool
    limit: int  # tokens a bucket holds
    left: int
    reset_s: int  # until the bucket is full
    wait_s: int  # until the refused request would be granted; 0 if it was


class Buckets:
    """Buckets by name. Of this process: several replicas allow several times as much.

    Args:
        per_minute: what a bucket holds, and what flows into it in a minute. 0: no bound.
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()  # level, when
        self._lock = threading.Lock()

    def take(self, name: str, cost: float = 1, now: float | None = None) -> Grant:
        """Takes ``cost`` tokens, or none if there are too few."""
        if not self.per_minute:
            return Grant(True, 0, 0, 0, 0)
        now = time.monotonic() if now is None else now
        speed = self.per_minute / 60
        with self._lock:
            level, since = self._levels.pop(name, (float(self.per_minute), now))
            level = min(float(self.per_minute), level + max(0.0, now - since) * speed)
            granted = level >= cost
            if granted:
                level -= cost
            self._levels[name] = (level, now)
            if len(self._levels) > _MOST_BUCKETS:
                self._levels.popitem(last=False)
        return Grant(
            granted,
            self.per_minute,
            int(level),
            math.ceil((self.per_minute - level) / speed),
            0 if granted else max(1, math.ceil((cost - level) / speed)),
        )

    def spill(self, name: str, cost: float) -> None:
        """Takes up to ``cost`` tokens after the fact, as a price of failures."""
        if self.per_minute:
            with self._lock:
                level, since = self._levels.get(name, (float(self.per_minute), time.monotonic()))
                self._levels[name] = (max(0.0, level - cost), since)


def bucket_of(address: Address | None) -> str:
    """The bucket of an address: of an IPv6 one its /64, which one subscriber has whole."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)
