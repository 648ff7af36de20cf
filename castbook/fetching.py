"""Asking servers that a stranger named: only allowed hosts, only public addresses.

Off unless hosts are listed. An entry ``clips.example.org`` allows https on port 443 at public
addresses; an entry that is a whole origin (``http://10.0.0.5:8000``) is the operator's word for
exactly that origin, private or not. A name is resolved once, every address it has must pass,
and the connection goes to the address that was checked: a name that resolves differently a
moment later (DNS rebinding) changes nothing. No redirect is followed and no proxy of the
environment is asked. Answers are bounded in bytes and in seconds.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from castbook.errors import InputError, Unavailable

MOST_BYTES = 10 * 1024 * 1024
MOST_SECONDS = 20.0
_MOST_URL = 2048  # characters
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9-]{1,63})*")
_PORTS = {"http": 80, "https": 443}

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

# is_global says yes to these (Python 3.11 to 3.13): the first four wrap an IPv4 address, which
# may be 127.0.0.1, then a relay of such, documentation, and what was for sites
_NOT_PUBLIC: tuple[IPv4Network | IPv6Network, ...] = (
    *map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("3fff::/20"),
    IPv6Network("fec0::/10"),
)
_NEVER: tuple[
    IPv4Network | IPv6Network, ...
] = (  # not even for an origin the operator named: metadata of clouds, this host
    *map(IPv4Network, ("169.254.0.0/16", "0.0.0.0/8")),
    *map(IPv6Network, ("fe80::/10", "::/128", "::ffff:169.254.0.0/112")),
)
# of clouds: who reads the instance's metadata has its credentials
_METADATA = frozenset({IPv6Address("fd00:ec2::254"), IPv4Address("100.100.100.200")})


class FetchRefused(InputError):
    """An address may not be asked; ``code`` says why, for programs."""

    def __init__(self, message: str, code: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]  # by lower-case name
    content: bytes


def is_public(address: Address) -> bool:
    """Whether an address is a server on the internet, as far as its number tells."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and address not in _METADATA
        and not any(address in network for network in _NOT_PUBLIC)
    )


async def resolve_once(host: str, port: int) -> list[str]:
    """All addresses of a name, by the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Asks allowed hosts.

    Args:
        hosts: names, or whole origins; see above.
        resolve: host and port to addresses (tests put their own here).
        passes: whether an address of a host that is allowed by name may be asked.
        tls: trust; the system's by default.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        resolve: Resolve = resolve_once,
        passes: Callable[[Address], bool] = is_public,
        tls: ssl.SSLContext | None = None,
        ports: frozenset[int] = frozenset({443}),
        most_bytes: int = MOST_BYTES,
        seconds: float = MOST_SECONDS,
    ) -> None:
        entries = [entry.strip().lower().rstrip("/") for entry in hosts]
        self._origins = frozenset(entry for entry in entries if "://" in entry)
        self._names = frozenset(entry.rstrip(".") for entry in entries if "://" not in entry)
        self._resolve = resolve
        self._passes = passes
        self._tls = tls
        self._ports = ports
        self._most = most_bytes
        self._seconds = seconds

    def check(self, url: str) -> tuple[SplitResult, str, int, bool]:
        """An address in its parts, if it may be asked as far as its text tells.

        Returns:
            The parts, the host, the port, and whether the operator named the origin.

        Raises:
            FetchRefused: it may not.
        """
        if len(url) > _MOST_URL or not url.isascii() or any(c <= " " or c in "\\\x7f" for c in url):
            raise FetchRefused("the address is malformed", "bad_url")
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError as error:
            raise FetchRefused("the address is malformed", "bad_url") from error
        scheme = parts.scheme
        if scheme not in _PORTS or not host:
            raise FetchRefused("only https addresses are fetched", "bad_scheme")
        if "@" in parts.netloc:
            raise FetchRefused("the address holds a user name", "bad_url")
        number = _PORTS[scheme] if port is None else port
        shown = f"[{host}]" if ":" in host else host
        plain = number == _PORTS[scheme]
        origin = f"{scheme}://{shown}" if plain else f"{scheme}://{shown}:{number}"
        if origin in self._origins:
            return parts, host, number, True
        if not self._names:
            raise FetchRefused(
                "addresses are not fetched here",
                "fetching_off",
                "upload the file, or have the host listed in CASTBOOK_FETCH_HOSTS",
            )
        if scheme != "https":
            raise FetchRefused("only https addresses are fetched", "bad_scheme")
        if not _HOST.fullmatch(host) or host not in self._names:
            raise FetchRefused(f"{host[:253]!a} is not an allowed host", "host_not_allowed")
        if number not in self._ports:
            raise FetchRefused(f"port {number} is not asked", "bad_port")
        return parts, host, number, False

    async def get(self, url: str) -> Answer:
        """What stands at an address.

        Raises:
            FetchRefused: the address may not be asked, or its answer is too large, too slow, or
                not 200.
            Unavailable: the server does not answer.
        """
        answer = await self.ask("GET", url)
        if answer.status != 200:
            raise FetchRefused(f"the server answered {answer.status}", "fetch_failed")
        return answer

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        whole: bool = True,
    ) -> Answer:
        """One request and its answer, whatever its status; a redirect is an answer.

        Args:
            whole: False: only the status and the headers are read, however much follows.

        Raises:
            FetchRefused: as ``get``, but for the status.
            Unavailable: the server does not answer.
        """
        parts, host, port, named = self.check(url)
        try:
            async with asyncio.timeout(self._seconds):
                addresses = await self._addresses(host, port, named)
                return await self._send(method, parts, addresses, headers or {}, content, whole)
        except TimeoutError as error:
            raise FetchRefused(
                f"{host} took longer than {self._seconds:g} s", "fetch_timeout"
            ) from error

    async def _addresses(self, host: str, port: int, named: bool) -> list[str]:
        try:
            written = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unavailable(f"{host} has no address") from error
        found = [ip_address(address.partition("%")[0]) for address in written]
        for address in found:
            if named:
                fine = address not in _METADATA and not any(address in n for n in _NEVER)
            else:
                fine = self._passes(address)
            if not fine:
                raise FetchRefused(f"{host} is at an address that is not asked", "bad_address")
        if not found:
            raise Unavailable(f"{host} has no address")
        return [str(address) for address in found]

    async def _send(
        self,
        method: str,
        parts: SplitResult,
        addresses: list[str],
        headers: Mapping[str, str],
        content: bytes,
        whole: bool,
    ) -> Answer:
        import httpx  # 60 ms: only those who fetch pay for it

        host = (parts.hostname or "").rstrip(".")
        shown = f"[{host}]" if ":" in host else host
        port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        verify: Any = self._tls if self._tls is not None else True
        last: Exception | None = None
        async with httpx.AsyncClient(
            trust_env=False, follow_redirects=False, verify=verify, timeout=self._seconds
        ) as client:
            for address in addresses:
                literal = f"[{address}]" if ":" in address else address
                request = client.build_request(
                    method,
                    f"{parts.scheme}://{literal}{port}{target}",
                    content=content or None,
                    headers={
                        "User-Agent": "castbook",
                        "Accept-Encoding": "identity",  # a bomb is small while it is packed
                        **headers,
                        "Host": shown + port,
                    },
                    # the certificate is checked against the name, not the address
                    extensions={"sni_hostname": host} if parts.scheme == "https" else None,
                )
                try:
                    response = await client.send(request, stream=True)
                except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                    last = error  # the next address of the same name
                    continue
                except httpx.HTTPError as error:
                    raise Unavailable(f"{host} does not answer: {type(error).__name__}") from error
                try:
                    return await self._read(response, host, whole)
                except httpx.HTTPError as error:
                    raise Unavailable(f"{host} broke off: {type(error).__name__}") from error
                finally:
                    await response.aclose()
        raise Unavailable(f"{host} cannot be reached") from last

    async def _read(self, response: Any, host: str, whole: bool) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if not whole:
            return Answer(response.status_code, headers, b"")
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise FetchRefused(f"{host} answers packed", "fetch_failed")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._most:
            raise self._too_large(host)
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > self._most:
                raise self._too_large(host)
        return Answer(response.status_code, headers, bytes(content))

    def _too_large(self, host: str) -> FetchRefused:
        return FetchRefused(f"{host} sends more than {self._most} bytes", "fetch_too_large")
