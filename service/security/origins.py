"""Requests that a foreign web page makes a visitor's browser send.

A browser adds cookies by itself, and reaches addresses of the visitor's own machine; what it
does not let a page change is ``Sec-Fetch-Site``, ``Origin`` and ``Host``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from service.security.addresses import address_of, is_loopback

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site is behind a request, as far as its headers tell.

    Args:
        headers: by lower-case name.
    """
    site = headers.get("sec-fetch-site", "")
    if site and site not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    host = headers.get("host", "")
    return not host or origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}")


def tells_origin(headers: Mapping[str, str]) -> bool:
    """Whether a browser said where the request comes from."""
    return "origin" in headers or "sec-fetch-site" in headers


def host_name(host: str) -> str | None:
    """The name in a ``Host`` header, without its port and in lower case; None if malformed."""
    found = _HOST.fullmatch(host)
    return found["name"].lower().rstrip(".") if found else None


def is_our_host(host: str, server: str, names: tuple[str, ...]) -> bool:
    """Whether a request may ask for ``host`` (DNS rebinding: a foreign name that resolves to
    127.0.0.1 turns every page of its owner into a page of ours).

    Args:
        server: the address at which the request arrived. Only there where it is a loopback
            address can a foreign page reach what its owner cannot.
        names: further names, of a proxy on this machine.
    """
    name = host_name(host)
    if name is None:
        return False
    if address_of(server) is None or not is_loopback(server):
        return True
    return is_loopback(name) or name in names
