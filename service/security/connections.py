"""Connections: how long the headers of a request may take.

uvicorn waits for them without a limit (0.54), so that a thousand connections that send a byte
a minute would use up ``limit_concurrency`` and keep everybody else out.
"""

from __future__ import annotations

import asyncio

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
