"""One take, ready to be joined to others: a constant offset removed, trimmed, levelled, faded.

pydub edits; its traps stay here (0.25.1):

- its times are whole milliseconds and its slices pad or drop frames at the end, so it only
  ever gets whole takes (gain) and pieces of exactly the fade's length (fades);
- it resamples without a filter wherever rates differ, so the rate is always passed and
  nothing of another rate ever meets a take;
- its silence detection takes milliseconds per second of audio, so the trim is numpy.

Every decision is made on integers, or on floats that hold integers exactly: all machines
cut the same frames. The length of what comes out is counted, never estimated.

A constant offset is what the silence of a take stands on. Not the take's mean:
espeak's voiced sound alone has a mean of up to 1,000 steps (2,120 takes, 2026-11-21), and
taking that off would lift its silence to −30 dBFS, where it is no silence to the trim.
"""

from __future__ import annotations

import functools
import math
import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import FULL_SCALE, Pcm
from castbook.errors import BrokenPromise

# −70 dBFS: castbook's aim for the noise floor. Below it an offset is not worth moving digital
# silence away from zero.
_OFFSET_MIN: Final = 10
_SILENCE_DB: Final = -60.0  # a frame that strays less from its mean tells the offset
# So do, in a take that is nowhere as silent, frames within 6 dB of its quietest one, if that lies
# 20 dB below its loudest: the pauses of a voice cloned from a noisy clip.
_NEAR_POWER: Final = 4.0
_BELOW_POWER: Final = 100.0
# The same noise is no sound to the trim, up to 30 dB below the loudest frame: a last “t” is not
# much louder than that.
_NOISE_POWER: Final = 1e-3
# A gain stops where the take's peak would reach −0.5 dBFS: a shout in a quiet voice keeps its
# shape, and resampling keeps its room. The limiter of the master is the one place for peaks.
_CEILING: Final = FULL_SCALE * 10 ** (-0.5 / 20)
_FRAMES_PER_S: Final = 100  # the trim looks at frames of 10 ms
TRIM_DB: Final = -53.0  # 30 dB below the level that takes are brought to: audio/joins/level.py


@dataclass(frozen=True, slots=True)
class Edited:
    """An edited take."""

    pcm: Pcm  # int16 (n,), at the take's own rate; never empty
    head: int  # frames cut off its beginning: what word times must be moved by


def edit_take(
    pcm: Pcm,
    rate: int,
    *,
    gain_db: float,
    trim_db: float = TRIM_DB,
    keep_ms: int = 40,
    fade_ms: int = 8,
) -> Edited:
    """Edits one take.

    Args:
        pcm: int16 (n,), mono, n > 0.
        rate: Hz.
        gain_db: applied to the whole take; less where its peak would clip.
        trim_db: RMS of a 10 ms frame *after the gain* (dBFS) below which it is no sound.
        keep_ms: kept before the first and after the last frame of sound.
        fade_ms: linear fade at each end; shorter where the take is.

    Raises:
        BrokenPromise: an empty take: the verdict should have stopped it.
    """
    if len(pcm) == 0:
        raise BrokenPromise("a take without a single sample cannot be edited")
    frames = _Frames.of(pcm, rate)
    offset = frames.offset()
    centred = _moved(pcm, -offset)
    gain_db = _headroom_gain(centred, gain_db)
    begin, end = frames.sound(offset, trim_db - gain_db)
    keep = keep_ms * rate // 1000
    begin, end = max(0, begin - keep), min(len(pcm), end + keep)
    return Edited(_level_and_fade(centred[begin:end], rate, gain_db, fade_ms), begin)


@dataclass(frozen=True, slots=True)
class _Frames:
    """A take by frames of 10 ms, the last one shorter. float64 holds all these sums exactly,
    whatever the order of addition."""

    counts: NDArray[np.float64]  # samples
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, pcm: Pcm, rate: int) -> _Frames:
        size = max(1, rate // _FRAMES_PER_S)
        starts = np.arange(0, len(pcm), size)
        samples = pcm.astype(np.float64)
        whole = len(pcm) // size
        blocks, rest = samples[: whole * size].reshape(whole, size), samples[whole * size :]
        sums, squares = blocks.sum(1), np.einsum("ij,ij->i", blocks, blocks)
        if rest.size:
            sums = np.append(sums, rest.sum())
            squares = np.append(squares, (rest * rest).sum())
        counts = np.diff(starts, append=len(pcm)).astype(np.float64)
        return cls(counts, sums, squares)

    def offset(self) -> int:
        """What the silence of the take stands on, all silent frames together; 0 without any.

        The unfinished last frame says nothing: a few samples hardly ever stray.
        """
        whole = self.counts == self.counts[0]
        spread = (self.squares * self.counts - self.sums**2)[whole]  # variance by counts squared
        limit = (self.counts[0] * _amplitude(_SILENCE_DB)) ** 2
        quietest = spread.min()
        if _BELOW_POWER * quietest <= spread.max():
            limit = max(limit, _NEAR_POWER * quietest)
        silent = np.flatnonzero(whole)[spread <= limit]
        count, total = int(self.counts[silent].sum()), int(self.sums[silent].sum())
        if count == 0:
            return 0
        offset = (2 * total + count) // (2 * count)
        return offset if abs(offset) >= _OFFSET_MIN else 0

    def sound(self, offset: int, threshold_db: float) -> tuple[int, int]:
        """First and last-plus-one sample of the frames whose RMS, without ``offset``, reaches
        the threshold and stands above the take's own noise; the whole take when none does."""
        powers = self.squares - 2 * offset * self.sums + offset**2 * self.counts
        means = powers / self.counts
        whole = means[self.counts == self.counts[0]]
        noise = min(_NEAR_POWER * whole.min(), _NOISE_POWER * whole.max())
        loud = np.flatnonzero(means >= max(noise, _amplitude(threshold_db) ** 2))
        ends = np.cumsum(self.counts)
        if loud.size == 0:
            return 0, int(ends[-1])
        first, last = int(loud[0]), int(loud[-1])
        return int(ends[first] - self.counts[first]), int(ends[last])


def _amplitude(decibels: float) -> float:
    return float(FULL_SCALE * 10 ** (decibels / 20))


def _moved(pcm: Pcm, offset: int) -> Pcm:
    if offset == 0:
        return pcm
    moved: Pcm = np.clip(pcm.astype(np.int32) + offset, -32768, 32767).astype(np.int16)
    return moved


def _headroom_gain(pcm: Pcm, gain_db: float) -> float:
    if gain_db <= 0:
        return gain_db
    peak = max(int(pcm.max()), -int(pcm.min()))
    if peak == 0:
        return 0.0
    return min(gain_db, max(0.0, 20 * math.log10(_CEILING / peak)))


def _level_and_fade(pcm: Pcm, rate: int, gain_db: float, fade_ms: int) -> Pcm:
    take = _segment(pcm, rate)
    if gain_db:
        take = take.apply_gain(gain_db)
    raw: bytes = take.raw_data
    fade_ms = min(fade_ms, len(pcm) * 1000 // (2 * rate))
    # rounded down: pydub counts the frames of a fade so, and would drop one more
    size = 2 * (fade_ms * rate // 1000)
    if size:
        head, tail = raw[:size], raw[-size:]
        # digital silence is its own fade, and pydub's loop over samples is the edit's main cost
        if any(head):
            head = _segment(head, rate).fade_in(fade_ms).raw_data
        if any(tail):
            tail = _segment(tail, rate).fade_out(fade_ms).raw_data
        raw = b"".join((head, raw[size:-size], tail))
    if len(raw) != 2 * len(pcm):
        raise BrokenPromise(f"editing made {len(raw) // 2} of {len(pcm)} frames at {rate} Hz")
    return np.frombuffer(raw, np.int16)


def _segment(samples: Pcm | bytes, rate: int) -> Any:
    raw = samples if isinstance(samples, bytes) else samples.tobytes()
    return _pydub()(data=raw, sample_width=2, frame_rate=rate, channels=1)


@functools.cache
def _pydub() -> Any:
    """``pydub.AudioSegment``, imported when first needed and without its remarks: it warns of
    a missing ffmpeg, which it is never asked to run, and of audioop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
    return AudioSegment
