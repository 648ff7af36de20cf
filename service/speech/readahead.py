"""Bytes that were made and not yet sent: some, so that a slow listener holds no slot.

A text whose sound fits is spoken as fast as the engine can, and its slot is free again long
before a player has played it.
"""

from __future__ import annotations

from collections import deque

import anyio

AHEAD = 4 * 1024 * 1024  # bytes: 8 minutes of mp3, 87 s of WAV


class ReadAhead:
    """One writer, one reader, on one event loop; at most ``most`` bytes between them, but
    always room for one piece."""

    def __init__(self, most: int = AHEAD) -> None:
        self._most = most
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._changed = anyio.Event()

    async def put(self, piece: bytes) -> None:
        """Adds a piece; waits while there is too much."""
        while self._size >= self._most:
            await self._next_change()
        self._pieces.append(piece)
        self._size += len(piece)
        self._note()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._note()

    async def take(self) -> bytes | None:
        """The next piece; None at the end."""
        while not self._pieces:
            if self._ended:
                return None
            await self._next_change()
        piece = self._pieces.popleft()
        self._size -= len(piece)
        self._note()
        return piece

    def _note(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def _next_change(self) -> None:
        await self._changed.wait()
