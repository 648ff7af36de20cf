"""Connections: how long headers may take, and the other limits of uvicorn.

uvicorn waits for the headers of a request without a limit; a few hundred connections that send
a byte a minute would use up ``limit_concurrency``. Everything that ``castbook serve`` hands to
uvicorn for safety stands in ``UVICORN``.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 15.0  # from the first byte of a request, or from its connection, to its headers' end


class PromptProtocol(H11Protocol):
    """HTTP/1.1 whose clients send their headers in time."""

    headers_s = HEADERS_S
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)  # uvicorn's own signature is narrower, too
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Starts the clock where headers are missing, and stops it where they are there."""
        idle = self.conn.their_state is h11.IDLE
        begun = self.cycle is None or bool(self.conn.trailing_data[0])
        if not idle or not begun:
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(self.headers_s, self._end)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end(self) -> None:
        self._late = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()


UVICORN: dict[str, Any] = {
    "http": PromptProtocol,
    "proxy_headers": False,  # else uvicorn believes X-Forwarded-For of any peer on loopback
    "server_header": False,
    "h11_max_incomplete_event_size": 32 * 1024,  # bytes of a request line and its headers
    "limit_concurrency": 1000,
    "timeout_keep_alive": 5,
    "ws_max_size": 64 * 1024,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
}
