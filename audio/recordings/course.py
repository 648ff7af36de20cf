"""The course of a recording: its level every 10 ms, and the samples of chosen stretches.

An hour is 360,000 figures (3 MB), whatever its rate; samples are read again only for the
stretches that are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.measuring.meter import CLIP
from audio.pcm import Pcm, to_pcm
from audio.recordings.speech import FRAMES_PER_S
from audio.recordings.stream import open_recording


@dataclass(frozen=True, slots=True)
class Course:
    """Frames of ``rate // 100`` samples; what is left over at the end is no frame."""

    rate: int  # Hz
    samples: int  # of each channel
    power: NDArray[np.float32]  # mean square of the mono mix, 1 is a full-scale square wave
    clipped: NDArray[np.int32]  # samples at full scale in any channel

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.samples / self.rate

    @property
    def frame(self) -> int:
        """Samples of a frame."""
        return self.rate // FRAMES_PER_S


def trace_course(path: Path) -> Course:
    """Reads a recording once. Raises: see ``open_recording``."""
    powers: list[NDArray[np.float32]] = []
    clips: list[NDArray[np.int32]] = []
    with open_recording(path) as stream:
        size = stream.rate // FRAMES_PER_S
        mono, cut = np.empty(0, np.float32), np.empty(0, np.bool_)
        samples = 0
        for block in stream.blocks:
            samples += len(block)
            mono = np.concatenate((mono, block.mean(1)))
            cut = np.concatenate((cut, (np.abs(block) >= CLIP).any(1)))
            whole = len(mono) // size * size
            frames = mono[:whole].reshape(-1, size)
            powers.append(np.einsum("ij,ij->i", frames, frames) / np.float32(size))
            clips.append(cut[:whole].reshape(-1, size).sum(1, dtype=np.int32))
            mono, cut = mono[whole:], cut[whole:]
    return Course(
        rate=stream.rate,
        samples=samples,
        power=np.concatenate(powers) if powers else np.empty(0, np.float32),
        clipped=np.concatenate(clips) if clips else np.empty(0, np.int32),
    )


def read_stretches(path: Path, stretches: Sequence[tuple[int, int]]) -> tuple[Pcm, ...]:
    """The samples ``[start, end)`` of each stretch, mixed down, from one pass.

    The pass is the same as ``trace_course``'s, so positions are exact for every format:
    seeking in an MP3 is not.

    Raises: see ``open_recording``.
    """
    parts: list[list[NDArray[np.float32]]] = [[] for _ in stretches]
    last = max((end for _, end in stretches), default=0)
    at = 0
    with open_recording(path) as stream:
        for block in stream.blocks:
            for found, (start, end) in zip(parts, stretches, strict=True):
                inside = block[max(0, start - at) : max(0, end - at)]
                if len(inside):
                    found.append(inside.mean(1))
            at += len(block)
            if at >= last:
                break
    empty = np.empty(0, np.float32)
    return tuple(to_pcm(np.concatenate((empty, *found)))[0] for found in parts)
