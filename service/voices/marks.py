"""The watermark of what the service sends, where it is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from audio.watermarking import Watermarker, marked
from tts.engine import Pcm

# Seconds of a stream that are marked together, and so come later than they would. Perth found
# its mark in every sound marked in blocks of 1 s, after MP3 of 64 kbit/s too (2026-11-21).
BLOCK_S = 1.0


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks sounds, or leaves them as they are."""

    marker: Watermarker | None

    def on(self, chunks: Iterator[Pcm], rate: int) -> Iterator[Pcm]:
        """A stream, marked if that is wanted. Closing it closes ``chunks``."""
        if self.marker is None:
            return chunks
        return self._marked(chunks, rate, self.marker)

    def _marked(self, chunks: Iterator[Pcm], rate: int, marker: Watermarker) -> Iterator[Pcm]:
        try:
            yield from marked(chunks, rate, marker, BLOCK_S)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
