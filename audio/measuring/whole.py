"""The figures of a file whose parts were decoded and measured one by one, without decoding it.

The parts follow each other without a gap: then all samples are those of the parts, and every
figure of the whole follows from figures of the parts. Sums and extremes are exact (to the
rounding of the parts' own figures). What lies across a seam was heard by no meter: the
loudness lacks 3 windows of 0.4 s and 29 of 3 s at each, the noise floor windows of which the
one half is in another part, dead silence on both sides counts as two. A part begins and ends
with the same room tone, so nothing of that moves a figure by more than 0.05 dB, the floor by
more than 0.3 (measured against decoded books: ``docs/measurements.md``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from audio.measuring.measure import Heard, Measured
from audio.measuring.meter import decibels
from audio.measuring.spread import together


def whole(parts: Sequence[Heard]) -> Measured:
    """One sound of all ``parts``, in order; format, bitrate and such are the first one's.

    Args:
        parts: one or more, all with one rate and as many channels.
    """
    figures = [part.measured for part in parts]
    first = figures[0]
    frames = sum(one.frames for one in figures)
    spread = together(part.spread for part in parts)
    return replace(
        first,
        frames=frames,
        duration_s=round(frames / first.rate, 3),
        errors=sum(one.errors for one in figures),
        rms_db=decibels(math.sqrt(sum(_energy(one) for one in figures) / frames)),
        peak_db=max(one.peak_db for one in figures),
        true_peak_db=max(one.true_peak_db for one in figures),
        floor_db=min(one.floor_db for one in figures),
        lufs=spread.lufs if len(parts) > 1 else first.lufs,
        loudness_range_lu=spread.range_lu if len(parts) > 1 else first.loudness_range_lu,
        head_s=_silence([(one.head_s, one.duration_s) for one in figures]),
        tail_s=_silence([(one.tail_s, one.duration_s) for one in reversed(figures)]),
        dead_s=max(one.dead_s for one in figures),
        clips=sum(one.clips for one in figures),
    )


def _energy(one: Measured) -> float:
    """Of all samples, full scale being 1."""
    return float(one.frames * 10 ** (one.rms_db / 10))


def _silence(edges: Sequence[tuple[float, float]]) -> float:
    """Seconds before the first sound, over parts that have none.

    Args:
        edges: (seconds before the sound of a part, its length), from the edge inwards.
    """
    total = 0.0
    for silent, length in edges:
        total += silent
        if silent < length:
            break
    return round(total, 3)
