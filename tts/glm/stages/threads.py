"""How many of torch's threads each stage computes with, and how many segments render at once.

On a CPU torch divides an array among its threads, and the last elements of each share go through
other instructions than the rest: the bits depend on the number of threads. (12 segments with 2, 3
and 4 threads against 1: the flow gave 12, 2 and 12 of them with equal bits, HiFT 0, 5 and 4; the
language model, whose operations were chosen for it, and the pitch gave all.) So flow, vocoder and
the reading of a reference calculate with one thread, and a machine of many cores renders that
many segments at once: equal bytes whatever it has, and nobody waits for the slowest share. It is
faster, too (2 cores, 32 segments, weights of size "small" of benchmarks/glm_speed, audio-s/s and
per second of CPU): one rendering with two threads 8.0 and 8.2, two with one each 10.2 and 11.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import torch

from tts.glm.options import RENDERINGS


@dataclass(frozen=True, slots=True)
class Threads:
    """Of one engine. What is None is left as it is."""

    sampling: int | None = None
    rendering: int | None = None
    renderings: int = 1

    @classmethod
    def for_device(cls, device: torch.device, most: int | None = None) -> Self:
        """A GPU renders one batch at a time, whatever the processor does; a CPU one segment for
        each of the threads that torch would use now, and samples with half of them.

        Args:
            most: segments rendered at once, on a CPU; ``RENDERINGS`` if None.
        """
        if device.type == "cuda":
            return cls()
        count = torch.get_num_threads()
        return cls(
            sampling=max(1, count // 2), rendering=1, renderings=min(count, most or RENDERINGS)
        )


def use_threads(count: int | None) -> None:
    """From now on torch calculates in this thread of Python with so many of its own.

    Two settings in one: OpenMP's belongs to the calling thread, and to those that use torch for
    the first time later; MKL's belongs to the process, so that the last call decides it. A
    product by MKL has other bits with another number of threads, and the flow and the vocoder
    have such: what renders must be the last to say it (``Pipeline``).
    """
    if count is not None:
        torch.set_num_threads(count)


@contextmanager
def one_thread() -> Iterator[None]:
    """What is calculated inside has the same bits whatever the number of threads is set to."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
