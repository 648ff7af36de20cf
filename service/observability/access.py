"""Who may read the metrics: callers on this machine, and everybody with a good key."""

from __future__ import annotations

from fastapi import Request

from service.desk import desk_of
from service.security.addresses import address_of
from service.security.guard import guard_of

_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip")


async def check_reader(request: Request) -> None:
    """Refuses a stranger.

    A proxy on this machine makes the whole world look like loopback: a request that somebody
    has passed on needs a key.

    Raises:
        Problem: 401, as on every other route.
    """
    peer = address_of(request.client.host) if request.client else None
    passed_on = any(name in request.headers for name in _PASSED_ON)
    if peer is None or not peer.is_loopback or passed_on:
        guard_of(desk_of(request)).require(request.scope)
