"""The excitation from which HiFT shapes speech: nine harmonics of the pitch, and noise.

The order of operations in float32 is the published one on purpose: phases grow to 1e5 rad, where
a float32 step is 0.008 rad, so another order is audibly another sound. Everything here works on
one job, never on a batch, and any range of frames of it may be asked for: the samples of a
frame are the same bits whether the whole job is computed or a part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from tts.glm.noise import normals

RATE: Final = 24_000
HOP: Final = 480  # samples to a frame
HARMONICS: Final = 9  # the fundamental, and eight above it
_VOICED_HZ: Final = 10.0
_SINE: Final = 0.1
_NOISE_VOICED: Final = 0.003
_NOISE_UNVOICED: Final = _SINE / 3
# The scale of the interpolation as torch rounds it. Its CPU kernel fuses two multiplications with
# additions; float64 in between gives the same bits on every device (compared with it in the tests)
_SCALE: Final = torch.tensor(1.0 / HOP, dtype=torch.float32).double().item()


@dataclass(frozen=True, slots=True)
class Mixer:
    """The layer that makes one excitation of nine harmonics."""

    weight: Tensor  # float32 [9]
    bias: Tensor  # float32 [1]

    def mixed(self, pitch: Tensor, noise: Tensor, first: int = 0) -> Tensor:
        """The excitation, with noise given.

        Args:
            pitch: float32 [T], Hz, of all frames from the job's first; where later frames are
                still unknown, the second half of the last one's samples is not final.
            noise: float32 [n, 9] standard normal, for the samples from frame ``first`` on.

        Returns:
            float32 [n], within ±1.
        """
        frames = slice(first, first + len(noise) // HOP)
        voiced = _samples(pitch[frames] > _VOICED_HZ)
        amount = voiced * _NOISE_VOICED + (1.0 - voiced) * _NOISE_UNVOICED
        lanes = _sines(pitch, frames) * voiced + amount * noise.T
        return torch.tanh((lanes * self.weight[:, None]).sum(dim=0) + self.bias)

    def seeded(self, pitch: Tensor, seed: int, first: int = 0, last: int | None = None) -> Tensor:
        """The excitation of frames ``first`` to ``last`` (not included; None: all), float32 [n].

        Upstream draws nine normal numbers for a sample, but they reach the network only as one
        weighted sum; a single number times the norm of the weights has the same distribution.
        """
        frames = slice(first, len(pitch) if last is None else last)
        voiced = _samples(pitch[frames] > _VOICED_HZ)
        amount = voiced * _NOISE_VOICED + (1.0 - voiced) * _NOISE_UNVOICED
        numbers = torch.arange(frames.start, frames.stop, device=pitch.device)
        noise = normals(torch.full_like(numbers, seed), "source", numbers, HOP).reshape(-1)
        tone = (_sines(pitch, frames) * self.weight[:, None]).sum(dim=0) * voiced
        return torch.tanh(tone + self.bias + amount * self.weight.norm() * noise)


def published_draws(frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The random numbers upstream would draw for a job, for parity only.

    Two of the three draws change no sample. The phases are added where the interpolation down
    to frames never reads: it takes the mean of samples 239 and 240 of each frame. The last draw
    is dropped. The second fills a transposed tensor, for which torch has another algorithm than
    for a contiguous one.

    Returns:
        phases [1, 9] uniform, noise [480 * frames, 9] normal.
    """
    phases = torch.rand(1, HARMONICS, generator=generator)
    noise = torch.empty(1, HARMONICS, frames * HOP).transpose(1, 2)
    noise.normal_(generator=generator)
    torch.empty(1, frames * HOP, 1).normal_(generator=generator)
    return phases, noise[0]


def _samples(frames: Tensor) -> Tensor:
    """Each frame's value for all its samples, float32."""
    return frames.float().repeat_interleave(HOP)


def _sines(pitch: Tensor, frames: slice) -> Tensor:
    """The harmonics' sines in some frames, float32 [9, n], amplitude 0.1."""
    numbers = torch.arange(1, HARMONICS + 1, device=pitch.device, dtype=torch.float32)
    turns = (pitch[None, :] * numbers[:, None] / RATE) % 1.0
    # summed as torch does on a CPU: in float64, each sum rounded
    phase = turns.double().cumsum(dim=1).float() * (2.0 * math.pi) * HOP
    sample = torch.arange(frames.start * HOP, frames.stop * HOP, device=pitch.device)
    place = ((sample.double() + 0.5) * _SCALE - 0.5).float().clamp(min=0.0)
    left = place.long().clamp(max=len(pitch) - 1)
    right = (left + 1).clamp(max=len(pitch) - 1)
    share = place - left.float()
    near = (1.0 - share).double() * phase[:, left].double()
    angle = (near + (share * phase[:, right]).double()).float()
    return _SINE * torch.sin(angle)
