"""From the chunks of a reading's pieces to its sound: pauses, level, pace, rate.

What a stream and a job have in common, so that they give the same samples: nothing here
depends on how the sound of a piece was cut into chunks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from audio.pcm import FULL_SCALE, Pcm, to_pcm

if TYPE_CHECKING:
    from tasks.speech.readings import Reading

Part = tuple[Iterable[Pcm], int]  # the sound of a piece, and the pause after it in ms


def finished(parts: Iterable[Part], reading: Reading) -> Generator[Pcm, None, None]:
    """The sound of a reading, int16 mono at ``reading.rate``; no chunk is empty.

    Args:
        parts: of its pieces in order, at ``reading.engine_rate``; closed with the result.

    Raises:
        MissingDependency: a pace that the engine cannot do, and PyAV is not installed.
    """
    from audio.streaming.resampling import resample
    from audio.streaming.tempo import change_tempo

    joined = _joined(parts, reading.engine_rate)
    levelled = _levelled(joined, reading.speaker.gain_db)
    paced = change_tempo(levelled, reading.engine_rate, reading.stretch)
    with contextlib.closing(resample(paced, reading.engine_rate, reading.rate)) as sound:
        for chunk in sound:
            if len(chunk):
                yield chunk


def _joined(parts: Iterable[Part], rate: int) -> Iterator[Pcm]:
    try:
        for chunks, pause_ms in parts:
            yield from chunks
            if pause_ms:
                yield np.zeros(rate * pause_ms // 1000, np.int16)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()


def _levelled(chunks: Iterator[Pcm], gain_db: float) -> Iterator[Pcm]:
    try:
        for chunk in chunks:
            if gain_db:
                loud = chunk.astype(np.float32) * np.float32(10 ** (gain_db / 20) / FULL_SCALE)
                chunk, _ = to_pcm(loud)
            yield chunk
    finally:
        chunks.close()  # type: ignore[attr-defined]  # a generator of ours
