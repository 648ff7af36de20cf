"""HiFT: mel to speech at 24 kHz, in batches that change nothing.

A job's pitch is found first, for all of it, then its excitation (``source.py``), then its samples.
Pitch and samples run in windows of fixed shapes (``batching.py``); the excitation, whose phase is
a sum over the whole job, is made of each job alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from tts.engine import EngineError
from tts.glm.checkpoint.configs import MEL, HiftConfig
from tts.glm.vocoder.batching import Piece, Shapes, batches, cut_even, windows
from tts.glm.vocoder.layers import Weights
from tts.glm.vocoder.network import EDGE, HALO, PITCH_HALO, HiftNetwork
from tts.glm.vocoder.source import HOP, RATE

_PITCH_FRAMES: Final = 64  # one shape for all, so that a stream finds the same bits


@dataclass(frozen=True, slots=True)
class VocoderJob:
    """What is to be made audible."""

    id: str
    mel: Tensor  # float32 [T, 80], natural logarithms, 50 frames a second
    seed: int  # 63 bits; of the noise in the excitation


class Unspeakable(EngineError):
    """One job that has no sound; the others of its batch may be given again without it."""

    def __init__(self, job: VocoderJob, reason: str) -> None:
        super().__init__(reason, "permanent")
        self.job = job


class Hift:
    """The vocoder at 24 kHz.

    Args:
        config: its sizes.
        weights: the tensors of ``hift.pt`` by their names, checked; not kept.
        device: where it computes.
        shapes: how jobs are cut and batched; part of what decides the last bits.
    """

    rate = RATE

    def __init__(
        self,
        config: HiftConfig,
        weights: Weights,
        *,
        device: torch.device | str,
        shapes: Shapes | None = None,
    ) -> None:
        self.config = config
        self.device = torch.device(device)
        self.shapes = shapes or Shapes.for_device(self.device.type)
        self.network = HiftNetwork(weights, self.device)

    @torch.inference_mode()
    def vocode(self, jobs: Sequence[VocoderJob]) -> list[Tensor]:
        """The sound of each job, float32 [480 T] on the device, within ±0.99, in their order.

        Raises:
            Unspeakable: a mel that is no mel; a mel or a sound that holds what is no number.
        """
        mels = [checked_mel(job).to(self.device) for job in jobs]
        sources = [
            self.network.mixer.seeded(pitch, job.seed)
            for job, pitch in zip(jobs, self.pitches(mels), strict=True)
        ]
        return list(map(checked_sound, jobs, self._sounds(mels, sources)))

    @torch.inference_mode()
    def pitches(self, mels: Sequence[Tensor], since: int = 0) -> list[Tensor]:
        """The pitch of each frame of each mel [T, 80], float32 [T], Hz.

        Args:
            since: frames before this one are not computed, and what stands there means nothing.
        """
        cut = [
            (number, window)
            for number, mel in enumerate(mels)
            for window in cut_even(len(mel), _PITCH_FRAMES, PITCH_HALO)
            if window.end > since
        ]
        return self._windowed(mels, cut, 1, lambda mel, _, valid: self.network.pitch(mel, valid))

    @torch.inference_mode()
    def speak(self, mel: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One mel as it is, in no fixed shape, its noise given: for parity.

        Args:
            mel: float32 [T, 80].
            noise: float32 [480 T, 9].

        Returns:
            pitch [T], excitation [480 T], sound [480 T].
        """
        row, valid = mel.to(self.device).T[None], [len(mel)]
        pitch = self.network.pitch(row, valid)[0]
        source = self.network.mixer.mixed(pitch, noise.to(self.device))
        return pitch, source, self.network.samples(row, edged_source(source)[None], valid)[0]

    def _sounds(self, mels: Sequence[Tensor], sources: Sequence[Tensor]) -> list[Tensor]:
        edged = [edged_source(source) for source in sources]
        cut = [
            (number, window)
            for number, mel in enumerate(mels)
            for window in windows(len(mel), self.shapes.lengths, HALO)
        ]

        def compute(mel: Tensor, batch: Sequence[Piece], valid: list[int]) -> Tensor:
            excitation = mel.new_zeros(len(mel), mel.shape[2] * HOP + 2 * EDGE)
            for row, (number, window) in enumerate(batch):
                part = edged[number][window.start * HOP :][: excitation.shape[1]]
                excitation[row, : len(part)] = part
            return self.network.samples(mel, excitation, valid)

        return self._windowed(mels, cut, HOP, compute)

    def _windowed(
        self,
        mels: Sequence[Tensor],
        cut: Sequence[Piece],
        step: int,
        compute: Callable[[Tensor, Sequence[Piece], list[int]], Tensor],
    ) -> list[Tensor]:
        """What ``compute`` makes of each mel's windows, ``step`` values for each frame."""
        found = [mel.new_empty(len(mel) * step) for mel in mels]
        for batch in batches(cut, self.shapes.rows):
            length = batch[0][1].length
            rows = torch.zeros(self.shapes.rows, MEL, length, device=self.device)
            valid = [length] * self.shapes.rows  # rows without a job are never looked at
            for row, (number, window) in enumerate(batch):
                valid[row] = window.valid
                part = mels[number][window.start : window.start + window.valid]
                rows[row, :, : window.valid] = part.T
            values = compute(rows, batch, valid)
            for row, (number, window) in enumerate(batch):
                wanted = slice(
                    (window.begin - window.start) * step, (window.end - window.start) * step
                )
                found[number][window.begin * step : window.end * step] = values[row, wanted]
        return found


def checked_mel(job: VocoderJob) -> Tensor:
    """The mel of a job.

    Raises:
        Unspeakable: it has no frames, another form than [T, 80] float32, or holds NaN.
    """
    mel = job.mel
    if mel.dim() != 2 or mel.shape[1] != MEL or mel.dtype != torch.float32 or not len(mel):
        form = f"{str(mel.dtype).removeprefix('torch.')} {list(mel.shape)}"
        raise Unspeakable(job, f"a mel of {form} cannot be spoken: float32 [1 or more, 80]")
    if not bool(torch.isfinite(mel).all()):
        raise Unspeakable(job, "the flow made a mel that holds what is no number")
    return mel


def checked_sound(job: VocoderJob, sound: Tensor) -> Tensor:
    """The sound of a job.

    Raises:
        Unspeakable: it holds NaN.
    """
    if not bool(torch.isfinite(sound).all()):
        raise Unspeakable(job, "the vocoder made samples that are no numbers")
    return sound


def edged_source(source: Tensor) -> Tensor:
    """An excitation [n], mirrored for half a window of the STFT at both ends: [n + 16]."""
    return functional.pad(source[None], (EDGE, EDGE), mode="reflect")[0]
