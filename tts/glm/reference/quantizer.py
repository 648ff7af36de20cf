"""From a recording to speech tokens: the lower half of a Whisper encoder and a codebook.

25 tokens a second, each the nearest of the codebook's entries to two averaged frames. One
window at a time and always in float32, so that a clip's tokens depend on that clip alone: an
id of another batch shape or precision would be another voice under the same name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d, conv1d, gelu, layer_norm, linear, pad

from tts.glm.checkpoint.configs import VqConfig
from tts.glm.reference.whisper import HOP, log_mel

_PREFIX: Final = "model.encoder."
_EPS: Final = 1e-5
_CONV_STRIDE: Final = 2  # of the second convolution: features at 100 Hz, positions at 50 Hz


class SpeechTokenizer:
    """The encoder with its weights on one device.

    Args:
        config: sizes.
        weights: tensors by their stored names (``model.encoder.…``); others are ignored.
        device: where to run, in float32. Tokens are kept for ever, so prefer the CPU: on a GPU
            they depend on its kernels and on the TF32 switches of whoever shares the process.
    """

    def __init__(
        self, config: VqConfig, weights: Mapping[str, Tensor], *, device: torch.device | str
    ) -> None:
        self.config = config
        self.device = torch.device(device)
        self._weights = {
            name.removeprefix(_PREFIX): weights[name].to(self.device, torch.float32)
            for name in weights
            if name.startswith(_PREFIX) and self._needed(name.removeprefix(_PREFIX))
        }
        codebook = self._weights["codebook.weight"]
        self._code_norms = codebook.square().sum(1)

    @property
    def token_samples(self) -> int:
        """Samples at 16 kHz behind one token."""
        return HOP * _CONV_STRIDE * self.config.pooling

    @property
    def window_samples(self) -> int:
        """The longest window: as many positions as the encoder has; 30 s in the true model."""
        return self.config.max_positions * HOP * _CONV_STRIDE

    def tokens(self, wave: Tensor) -> tuple[int, ...]:
        """Speech tokens of a recording, one per 40 ms begun.

        Args:
            wave: float32 [n] at 16 kHz, n at least 1. Windows of 30 s are read one by one,
                padded with silence to the longest of this recording.
        """
        windows = torch.split(wave.to(torch.float32), self.window_samples)
        longest = _round_up(len(windows[0]), self.token_samples)
        return tuple(token for window in windows for token in self.window(window, longest))

    def window(self, wave: Tensor, padded: int) -> list[int]:
        """Speech tokens of one window, read with silence behind it.

        Args:
            wave: float32 [n] at 16 kHz, n at most ``window_samples``.
            padded: samples with the silence, a multiple of ``token_samples``. Zeros behind a
                sound are not quite nothing: the last token may see one frame of them.
        """
        features = log_mel(pad(wave.to(self.device), (0, padded - len(wave))), self.config.mels)
        found = self.ids(self.hidden(features, -(-len(wave) // HOP)))
        kept: list[int] = found[: -(-len(wave) // self.token_samples)].tolist()
        return kept

    @torch.inference_mode()
    def hidden(self, features: Tensor, valid: int) -> Tensor:
        """What is quantised: the encoder's states, averaged in pairs.

        Args:
            features: float32 [mels, T] at 100 Hz.
            valid: how many of the T frames are sound; the rest pads.

        Returns:
            float32 [ceil(T / 4), width] at 25 Hz.
        """
        w = self._weights
        x = features.to(self.device, torch.float32)[None]
        x = gelu(conv1d(x, w["conv1.weight"], w["conv1.bias"], padding=1))
        x = gelu(conv1d(x, w["conv2.weight"], w["conv2.bias"], stride=_CONV_STRIDE, padding=1))[0].T
        x = x + w["embed_positions.weight"][: len(x)]
        visible = visibility(len(x), -(-valid // _CONV_STRIDE), self.config.block, self.device)
        for layer in range(self.config.layers):
            x = self._layer(x, visible, f"layers.{layer}.")
        if len(x) % self.config.pooling:
            x = pad(x, (0, 0, 0, self.config.pooling - len(x) % self.config.pooling))
        return avg_pool1d(x.T[None], self.config.pooling)[0].T

    @torch.inference_mode()
    def ids(self, hidden: Tensor) -> Tensor:
        """The nearest entry of the codebook to each row, the first of equals: int64 [n]."""
        products = hidden @ self._weights["codebook.weight"].T
        distances = self._code_norms + hidden.square().sum(1, keepdim=True) - 2.0 * products
        return distances.argmin(1)

    def _layer(self, x: Tensor, visible: Tensor, at: str) -> Tensor:
        w, heads = self._weights, self.config.heads
        h = self._norm(x, at + "self_attn_layer_norm")
        q = self._linear(h, at + "self_attn.q_proj")
        k = h @ w[at + "self_attn.k_proj.weight"].T  # keys have no bias
        v = self._linear(h, at + "self_attn.v_proj")
        q, k, v = (part.view(len(x), heads, -1).transpose(0, 1) for part in (q, k, v))
        scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(1, 2)
        mixed = scores.masked_fill(~visible, -math.inf).softmax(-1) @ v
        x = x + self._linear(mixed.transpose(0, 1).flatten(1), at + "self_attn.out_proj")
        h = self._linear(self._norm(x, at + "final_layer_norm"), at + "fc1")
        return x + self._linear(gelu(h), at + "fc2")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return linear(x, self._weights[name + ".weight"], self._weights[name + ".bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self._weights[name + ".weight"], self._weights[name + ".bias"]
        return layer_norm(x, weight.shape, weight, bias, _EPS)

    def _needed(self, name: str) -> bool:
        first, _, rest = name.partition(".")
        if first == "layers":
            return int(rest.partition(".")[0]) < self.config.layers
        return first in ("conv1", "conv2", "embed_positions", "codebook")


def visibility(
    frames: int, valid: int, block: int | None, device: torch.device | str = "cpu"
) -> Tensor:
    """Which frame (row) attends to which (column): bool [frames, frames].

    Columns from ``valid`` on are padding and seen by none. With blocks, a frame sees
    everything before it and the whole of its own block. Every row sees the first column.
    """
    at = torch.arange(frames, device=device)
    seen = (at < valid).expand(frames, frames)
    if block is None:
        return seen
    return seen & ((at[None, :] <= at[:, None]) | (at[None, :] // block == at[:, None] // block))


def _round_up(number: int, step: int) -> int:
    return -(-number // step) * step
