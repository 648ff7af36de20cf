"""Where chunks come from: read to the end or closed, cut anew where a filter wants it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator

import numpy as np

from audio.pcm import Pcm


@contextlib.contextmanager
def closing(chunks: Iterable[Pcm]) -> Iterator[Iterable[Pcm]]:
    """The chunks, closed at the end where they are a generator: at once, whatever the reason,
    and not when somebody collects it."""
    try:
        yield chunks
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()


def blocks(chunks: Iterable[Pcm], size: int) -> Generator[Pcm, None, None]:
    """The same samples in blocks of ``size``; the last may be shorter, none is empty."""
    left = np.zeros(0, np.int16)
    with closing(chunks):
        for chunk in chunks:
            left = np.concatenate([left, chunk])
            whole = len(left) - len(left) % size
            for start in range(0, whole, size):
                yield left[start : start + size]
            left = left[whole:]
    if len(left):
        yield left
