"""A stretch of a master as a sound of its own: the retail sample, a part of a long chapter.

It begins and ends in room tone like a master does: the master's own head and tail are put
around it. The 8 ms in which tone and stretch change places lie outside the stretch, in the
pauses around it, so the stretch itself is the master's samples bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.packaging.sound import ChapterFile
from castbook.errors import BrokenPromise

_FADE_MS: Final = 8  # as at the joins of takes: shorter ones click


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Frames [start, end) of a master between room tone. A ``Sound``.

    Args:
        head: frames of the master's beginning, all room tone, that stand before the stretch;
            not used where the stretch begins with the master.
        tail: frames of the master's end, likewise, behind it.

    Raises (constructor): BrokenPromise: the stretch is empty or outside the master.
    """

    master: ChapterFile
    title: str
    start: int
    end: int
    head: int
    tail: int

    def __post_init__(self) -> None:
        inside = 0 <= self.start < self.end <= self.master.frames
        if not inside or not 0 <= max(self.head, self.tail) <= self.master.frames:
            raise BrokenPromise(
                f"{self.title}: [{self.start}, {self.end}) with {self.head} and {self.tail} "
                f"frames of tone out of a master of {self.master.frames}"
            )

    @property
    def rate(self) -> int:
        """Hz."""
        return self.master.rate

    @property
    def offset(self) -> int:
        """Frame of the excerpt at which frame ``start`` of the master sounds."""
        return self.head if self.start > 0 else 0

    @property
    def frames(self) -> int:
        """Length: tone, stretch, tone."""
        behind = self.tail if self.end < self.master.frames else 0
        return self.offset + self.end - self.start + behind

    def pcm(self) -> Iterator[bytes]:
        """All samples as little-endian 16-bit blocks; errors as ``ChapterFile.pcm``."""
        fade = self.rate * _FADE_MS // 1000
        if self.offset:
            before = min(fade, self.start, self.head)
            tone = self._samples(0, self.head)
            lead = self._samples(self.start - before, self.start)
            tone[self.head - before :] = _blend(tone[self.head - before :], lead)
            yield tone.tobytes()
        yield from self.master.stretch(self.start, self.end)
        if self.end < self.master.frames and self.tail:
            after = min(fade, self.master.frames - self.end, self.tail)
            tone = self._samples(self.master.frames - self.tail, self.master.frames)
            tone[:after] = _blend(self._samples(self.end, self.end + after), tone[:after])
            yield tone.tobytes()

    def _samples(self, start: int, end: int) -> NDArray[np.int16]:
        return np.frombuffer(b"".join(self.master.stretch(start, end)), "<i2").copy()


def _blend(going: NDArray[np.int16], coming: NDArray[np.int16]) -> NDArray[np.int16]:
    """One sound into the other over their common length, by raised cosines of equal power."""
    turn = (np.arange(len(going)) + 0.5) / max(len(going), 1) * (np.pi / 2)
    mixed = going * np.cos(turn) + coming * np.sin(turn)
    samples: NDArray[np.int16] = np.clip(np.rint(mixed), -32768, 32767).astype("<i2")
    return samples
