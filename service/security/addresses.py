"""Who asks, by address: the peer, or whom a trusted proxy saw.

``X-Forwarded-For`` is a list that every proxy appends to; what the client wrote stands on its
left. So it is read from the right, and only as far as the proxies are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from ipaddress import IPv4Network as _IPv4Network

from castbook.errors import InputError

Address = IPv4Address | IPv6Address
Network = _IPv4Network | IPv6Network
_MOST_HOPS = 20


def networks(written: Iterable[str], place: str) -> tuple[Network, ...]:
    """Addresses and CIDRs as networks.

    Raises:
        InputError: one of them is neither, or has bits set beyond its prefix.
    """
    found = []
    for entry in written:
        try:
            found.append(ip_network(entry))
        except ValueError as error:
            raise InputError(
                f"{entry!r}: {error}", place=place, expected="addresses like 10.0.0.0/8 or ::1"
            ) from error
    return tuple(found)


def address_of(written: str) -> Address | None:
    """An address as it stands in a header or a socket, an IPv4 one in IPv6 clothes unwrapped."""
    try:
        address = ip_address(written.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def within(address: Address | None, allowed: Iterable[Network]) -> bool:
    """Whether an address is in one of the networks; no address is in none."""
    return address is not None and any(address in network for network in allowed)


def client_address(
    peer: str, forwarded: Sequence[str], trusted: Sequence[Network]
) -> Address | None:
    """The address a request comes from.

    Args:
        peer: of the socket.
        forwarded: the values of all ``X-Forwarded-For`` headers, in order.
        trusted: proxies whose word counts.

    Returns:
        The rightmost hop that is no trusted proxy; the peer where the peer is none; None where
        a trusted proxy hands on something that is no address.
    """
    address = address_of(peer)
    if not within(address, trusted):
        return address
    hops = [hop for value in forwarded for hop in value.split(",")]
    for hop in reversed(hops[-_MOST_HOPS:]):
        address = address_of(hop)
        if not within(address, trusted):
            return address
    return address


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host.lower() == "localhost":
        return True
    address = address_of(host.removeprefix("[").removesuffix("]"))
    return address is not None and address.is_loopback
