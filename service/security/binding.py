"""Where the service may listen: everywhere with authentication, on this machine without."""

from __future__ import annotations

from castbook.errors import InputError
from service.security.addresses import is_loopback
from service.security.guard import Guard
from service.settings import ServiceSettings


def check_binding(settings: ServiceSettings) -> None:
    """Checks all settings of the guard, and that nobody gets in unasked.

    Raises:
        InputError: a public address without any authentication, ``auth: all`` without any way,
            or a key, secret or address that cannot be one.
    """
    guard = Guard(settings)
    if not is_loopback(settings.host) and not guard.keys and not guard.ways:
        raise InputError(
            f"{settings.host!r} is a public address, and nobody would be asked who they are",
            place="CASTBOOK_HOST",
            expected="127.0.0.1, or authentication",
            hint="set CASTBOOK_API_KEYS=name:key",
        )
    if settings.auth == "all" and not guard.ways:
        raise InputError(
            "all of no ways lets everybody in",
            place="CASTBOOK_AUTH",
            expected="a token, secret, JWT key or list of addresses beside it",
        )
