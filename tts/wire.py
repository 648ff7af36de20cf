"""Frames over a pipe: a JSON header and a block of raw bytes, no pickle.

    frame = u32 length of the header, u32 length of the payload (little-endian),
            header (JSON object, ASCII), payload (16-bit PCM or nothing)

Both ends are ours, so a frame that makes no sense means that something else wrote into the
pipe; it is refused, never guessed at. What travels in frames: ``tts/messages.py``.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from castbook.errors import BrokenPromise

_HEAD = struct.Struct("<II")
_LARGEST_HEADER = 1 << 24  # bytes; a segment's header has a few hundred
_LARGEST_PAYLOAD = 1 << 30  # bytes; more than six hours of PCM at 24 kHz
_SCRATCH = 1 << 18  # bytes per read: a 3-s segment at 24 kHz (144 kB) comes in one piece
_BUFFERS = 512  # per writev; Linux takes 1024

Header = dict[str, Any]
Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    header: Header
    payload: bytearray  # nobody else holds it: arrays over it may be written to


def encode(header: Header, payload: Buffer = b"") -> list[Buffer]:
    """A frame as buffers for ``send``; the payload is not copied."""
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    head = _HEAD.pack(len(text), len(payload)) + text
    return [head, payload] if len(payload) else [head]


def send(fd: int, buffers: Iterable[Buffer]) -> None:
    """Writes all buffers to a blocking ``fd``.

    Raises:
        OSError: the other end is gone.
    """
    views = [memoryview(buffer) for buffer in buffers]
    first = 0
    while first < len(views):
        written = os.writev(fd, views[first : first + _BUFFERS])
        while first < len(views) and written >= len(views[first]):
            written -= len(views[first])
            first += 1
        if written:
            views[first] = views[first][written:]


class Decoder:
    """Bytes, however they were cut on their way, back to frames.

    Ask for ``room``, fill it from its beginning, say with ``advance`` how many bytes came.
    """

    def __init__(self) -> None:
        self._scratch = bytearray(_SCRATCH)
        self._end = 0  # bytes of scratch that hold unread data
        self._open: Frame | None = None  # its payload is not complete
        self._filled = 0  # bytes of that payload

    def room(self) -> list[memoryview]:
        """Where the next bytes belong, for ``os.readv``; never empty."""
        scratch = memoryview(self._scratch)[self._end :]
        if self._open is None:
            return [scratch]
        return [memoryview(self._open.payload)[self._filled :], scratch]

    def advance(self, count: int) -> list[Frame]:
        """The frames that ``count`` more bytes complete.

        Raises:
            BrokenPromise: the bytes are no frames.
        """
        frames: list[Frame] = []
        if self._open is not None:
            taken = min(count, len(self._open.payload) - self._filled)
            self._filled += taken
            if self._filled == len(self._open.payload):
                frames.append(self._open)
                self._open = None
            count -= taken
        self._end += count
        start = 0
        while self._open is None:
            size = self._decode(start, frames)
            if not size:
                break
            start += size
        if start:
            rest = self._end - start
            self._scratch[:rest] = self._scratch[start : self._end]
            self._end = rest
        return frames

    def _decode(self, start: int, frames: list[Frame]) -> int:
        """Takes the frame that begins at ``start``; returns how many bytes of scratch it used
        (0: its header has not arrived)."""
        available = self._end - start
        if available < _HEAD.size:
            return 0
        header_size: int
        payload_size: int
        header_size, payload_size = _HEAD.unpack_from(self._scratch, start)
        if header_size > _LARGEST_HEADER or payload_size > _LARGEST_PAYLOAD:
            raise BrokenPromise(f"the engine pipe holds {header_size}+{payload_size} bytes?")
        used = _HEAD.size + header_size
        if available < used:
            missing = start + used - len(self._scratch)
            if missing > 0:
                self._scratch.extend(bytes(missing))
            return 0
        header = _parse(self._scratch[start + _HEAD.size : start + used])
        taken = min(payload_size, available - used)
        if taken == payload_size:
            payload = self._scratch[start + used : start + used + taken]
            frames.append(Frame(header, payload))
        else:
            payload = bytearray(payload_size)
            payload[:taken] = memoryview(self._scratch)[start + used : start + used + taken]
            self._open, self._filled = Frame(header, payload), taken
        return used + taken


def receive(fd: int, decoder: Decoder) -> list[Frame]:
    """One read from ``fd`` (waits for at least one byte); the frames that it completes.

    Raises:
        EOFError: the other end closed the pipe.
        BrokenPromise: the bytes are no frames.
    """
    count = os.readv(fd, decoder.room())
    if not count:
        raise EOFError
    return decoder.advance(count)


def _parse(text: bytearray) -> Header:
    try:
        header = json.loads(text)
    except ValueError as error:
        raise BrokenPromise(f"the engine pipe holds no JSON: {bytes(text[:40])!r}") from error
    if not isinstance(header, dict):
        raise BrokenPromise(f"the engine pipe holds no JSON object: {bytes(text[:40])!r}")
    return header
