"""An inaudible mark that says a machine spoke: put in, and found again.

Off by default. The one implementation that works offline is resemble-perth (extra
``watermark``), whose package turns silently into nothing where a part of it is missing: here
that is an error, and there is no dummy. What is marked is marked whole; a mark survives MP3,
AAC and Opus (docs/voices.md has the figures).
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

import numpy as np

from audio.pcm import FULL_SCALE, Pcm, to_pcm
from castbook.errors import MissingDependency

FOUND: Final = 0.5  # of ``detect``: perth says 0 or 1, the mean of its bits lies between
_LEAST_S: Final = 0.5  # shorter sounds are marked with silence behind them
_ADVICE: Final = "pip install 'castbook[watermark]'"


class Watermarker(Protocol):
    """Marks sounds."""

    def embed(self, pcm: Pcm, rate: int) -> Pcm:
        """The marked sound: int16 (n,), equally long.

        Args:
            pcm: int16 (n,), mono.
            rate: Hz.
        """
        ...

    def detect(self, pcm: Pcm, rate: int) -> float:
        """How sure it is that the sound bears its mark: 0…1."""
        ...


class Perth:
    """resemble-perth's implicit watermark. Loads its network when made (seconds).

    Raises:
        MissingDependency: the package, or a part that it needs and does not name, is missing.
    """

    def __init__(self) -> None:
        try:
            perth = importlib.import_module("perth")
            made: Callable[[], Any] | None = perth.PerthImplicitWatermarker
        except (ImportError, AttributeError) as error:
            raise MissingDependency(f"watermarks need resemble-perth: {_ADVICE}") from error
        if made is None:
            # its __init__ swallows what it cannot import: mostly pkg_resources, which
            # setuptools 81 dropped (resemble-ai/chatterbox#198)
            raise MissingDependency(f"resemble-perth cannot load its network: {_ADVICE}")
        self._net = made()
        self._lock = threading.Lock()  # one network; its thread safety is nobody's promise

    def embed(self, pcm: Pcm, rate: int) -> Pcm:
        """See ``Watermarker``."""
        if not len(pcm):
            return pcm
        padded = np.pad(pcm, (0, max(0, round(_LEAST_S * rate) - len(pcm))))
        with self._lock:
            marked = self._net.apply_watermark(_samples(padded), sample_rate=rate)
        sound, _ = to_pcm(np.asarray(marked).ravel()[: len(pcm)])
        return np.pad(sound, (0, len(pcm) - len(sound)))

    def detect(self, pcm: Pcm, rate: int) -> float:
        """See ``Watermarker``."""
        padded = np.pad(pcm, (0, max(0, round(_LEAST_S * rate) - len(pcm))))
        with self._lock:
            return float(np.mean(self._net.get_watermark(_samples(padded), sample_rate=rate)))


def open_watermarker() -> Watermarker:
    """The watermarker of this machine, proved to work.

    Raises:
        MissingDependency: there is none, or it does not find its own mark.
    """
    marker = Perth()
    rate = 24000
    noise = np.random.default_rng(1).normal(0, 2000, 2 * rate)
    proof = np.round(noise).astype(np.int16)
    if not verify(marker, marker.embed(proof, rate), rate):
        raise MissingDependency(f"resemble-perth does not find its own mark: {_ADVICE}")
    return marker


def verify(marker: Watermarker, pcm: Pcm, rate: int) -> bool:
    """Whether a sound bears the mark."""
    return marker.detect(pcm, rate) >= FOUND


def marked(chunks: Iterable[Pcm], rate: int, marker: Watermarker, block_s: float) -> Iterator[Pcm]:
    """A sound that is still coming, marked block by block.

    Args:
        block_s: seconds gathered before they are marked, and so the delay of the first sound.
    """
    size = round(block_s * rate)
    held: list[Pcm] = []
    for chunk in chunks:
        held.append(chunk)
        if sum(map(len, held)) >= size:
            yield marker.embed(np.concatenate(held), rate)
            held = []
    if held:
        yield marker.embed(np.concatenate(held), rate)


def _samples(pcm: Pcm) -> Any:
    return pcm.astype(np.float32) / np.float32(FULL_SCALE)
