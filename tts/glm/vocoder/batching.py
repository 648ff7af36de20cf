"""Jobs of any length as rows of a few fixed shapes, so that no job changes another's bits.

A job is cut into windows of fixed length that overlap by the network's reach; which ones is
decided by its own number of frames alone. Windows of one length run together in a fixed number of
rows, whoever's they are; missing rows are filled with zeros. So the shapes that a job's numbers
pass through are the same alone and in any company, and memory is bounded however long a job is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes that windows may have."""

    rows: int
    lengths: tuple[int, ...]  # frames, ascending

    @classmethod
    def for_device(cls, kind: str) -> Shapes:
        """What ran fastest (docs/measurements.md).

        A CPU works as fast on one row as on many, so it gets one, nearly as long as the job. On
        a GPU only full rows keep it busy: one length for all, so that any jobs fill a batch.
        """
        return _CPU if kind == "cpu" else _GPU


_CPU: Final = Shapes(rows=1, lengths=tuple(range(16, 513, 16)))
_GPU: Final = Shapes(rows=16, lengths=(128,))


@dataclass(frozen=True, slots=True)
class Window:
    """Some frames of a job, computed together."""

    start: int  # first frame in the job
    length: int  # frames of its shape
    valid: int  # frames of the job in it
    begin: int  # what is wanted of it, in frames of the job
    end: int


Piece = tuple[int, Window]  # with the number of its job


def windows(frames: int, lengths: Sequence[int], halo: int) -> tuple[Window, ...]:
    """How a job is cut: what is wanted of the windows makes up the job, in order.

    Args:
        frames: of the job, at least 1.
        lengths: that a window may have, ascending; the largest is more than two halos.
        halo: frames at a cut edge that are not to be used.
    """
    for length in lengths:
        if frames <= length:
            return (Window(0, length, frames, 0, frames),)
    choices = [
        cut_even(frames, length, halo, to_the_end=True) for length in lengths if length > 2 * halo
    ]
    return min(choices, key=lambda choice: (sum(window.length for window in choice), len(choice)))


def cut_even(
    frames: int, length: int, halo: int, *, to_the_end: bool = False
) -> tuple[Window, ...]:
    """Windows of one length.

    Args:
        to_the_end: the first window that reaches the job's end is the last. Otherwise which
            window a frame is taken from does not depend on how many frames follow it.
    """
    found = []
    begin = 0
    while begin < frames:
        start = max(0, begin - halo)
        end = min(frames, start + length - halo)
        if to_the_end and start + length >= frames:
            end = frames
        found.append(Window(start, length, min(length, frames - start), begin, end))
        begin = end
    return tuple(found)


def batches(cut: Iterable[Piece], rows: int) -> Iterator[tuple[Piece, ...]]:
    """Pieces of one window length, at most ``rows`` at a time."""
    by_length: dict[int, list[Piece]] = defaultdict(list)
    for piece in cut:
        by_length[piece[1].length].append(piece)
    for _, same in sorted(by_length.items()):
        for first in range(0, len(same), rows):
            yield tuple(same[first : first + rows])
