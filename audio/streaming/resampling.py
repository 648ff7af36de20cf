"""Another rate for sound that is still coming, without seams between its chunks.

The samples do not depend on how the sound was cut into chunks: one filter runs through all of
them. As everywhere, floats are rounded to 16 bits without dither.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np

from audio.pcm import FULL_SCALE, Pcm, to_pcm
from audio.streaming.sources import closing

_BLOCK = 1 << 13  # frames: see ``resample``


def resample(chunks: Iterable[Pcm], rate: int, wanted: int) -> Generator[Pcm, None, None]:
    """int16 (n,) at ``rate`` Hz to int16 at ``wanted`` Hz, chunk by chunk; none is empty.

    The length of the whole is that of the input in the other rate, within one sample. Closing
    the iterator closes ``chunks``, where that is a generator.
    """
    if rate == wanted:
        with closing(chunks):
            yield from chunks
        return
    import soxr

    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32", quality="HQ")
    with closing(chunks):
        for chunk in chunks:
            for start in range(0, len(chunk), _BLOCK):  # what a call is given decides its memory
                sound = chunk[start : start + _BLOCK].astype(np.float32) / np.float32(FULL_SCALE)
                fresh, _ = to_pcm(stream.resample_chunk(sound))
                if len(fresh):
                    yield fresh
    rest, _ = to_pcm(stream.resample_chunk(np.zeros(0, np.float32), last=True))
    if len(rest):
        yield rest
