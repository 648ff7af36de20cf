"""Faster or slower speech at the same pitch, while it is still coming.

For engines that cannot speak at another pace themselves: FFmpeg's ``atempo``, which overlaps
pieces of the waveform. Between 0.7 and 1.5 it is hardly heard; beyond, words smear.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import numpy as np

from audio.pcm import Pcm
from audio.streaming.libav import load_av
from audio.streaming.sources import blocks, closing

SLOWEST, FASTEST = 0.25, 4.0
_BLOCK = 1024  # frames the filter is given at once: what it does depends on that
_SLOWEST_STEP, _FASTEST_STEP = 0.5, 2.0  # of one atempo: above 2 it drops samples


def steps(speed: float) -> list[float]:
    """The factors of the filters in a row whose product is ``speed``."""
    found: list[float] = []
    while speed < _SLOWEST_STEP:
        found.append(_SLOWEST_STEP)
        speed /= _SLOWEST_STEP
    while speed > _FASTEST_STEP:
        found.append(_FASTEST_STEP)
        speed /= _FASTEST_STEP
    return [*found, speed]


def change_tempo(chunks: Iterable[Pcm], rate: int, speed: float) -> Generator[Pcm, None, None]:
    """int16 (n,) at ``rate`` Hz, ``speed`` times as fast; empty chunks are left out.

    Args:
        speed: 0.25…4; 1 gives the chunks as they are.

    Raises:
        MissingDependency: PyAV is not installed.
    """
    if speed == 1:
        with closing(chunks):
            yield from chunks
        return
    av = load_av()
    graph = av.filter.Graph()
    nodes = [graph.add_abuffer(format="s16", sample_rate=rate, layout="mono")]
    nodes += [graph.add("atempo", f"{factor:.6f}") for factor in steps(speed)]
    nodes.append(graph.add("abuffersink"))
    graph.link_nodes(*nodes).configure()
    at = 0
    with contextlib.closing(blocks(chunks, _BLOCK)) as fed:
        for block in fed:
            frame = av.AudioFrame.from_ndarray(block[None, :], format="s16", layout="mono")
            frame.sample_rate, frame.pts = rate, at
            at += len(block)
            graph.push(frame)
            yield from _pulled(graph, av)
    if at:
        graph.push(None)
        yield from _pulled(graph, av)


def _pulled(graph: Any, av: Any) -> Iterator[Pcm]:
    """What the filters have ready."""
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield np.ascontiguousarray(frame.to_ndarray().reshape(-1))
