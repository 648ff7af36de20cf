"""Random weights of GLM-TTS, of any size, that work on each other.

The scales:

- language model: embeddings of length about 1 give logits of standard deviation about 1. All
  embeddings share a direction that no layer writes to; that of the end of audio has more of it,
  as much as makes the end come with a chance of about ``Size.end`` at every step. Measured
  (TINY, three seeds, RAS): texts of 34 to 53 ids become 2.0 to 4.4 speech tokens an id, 3 ids
  become 13 to 35 tokens; a third of the steps take the fall-back of RAS.
- flow: default initialisation, with louder tokens, and the output shifted by ``_MEL_MEAN`` so
  that mels lie where speech lies; guidance keeps the shift.
- vocoder: default initialisation times ``_GAIN``: sound of -31 to -19 dBFS whose level follows
  the mel by a few decibels, without clipping (three seeds, three sizes); the pitch predictor is
  biased to a voiced 150 Hz.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from benchmarks import glm_tokens
from tts.glm.checkpoint.configs import FlowConfig, HiftConfig, LmConfig, VqConfig
from tts.glm.checkpoint.shapes import flow_shapes, hift_shapes, lm_shapes, vq_shapes

Tensors = dict[str, Tensor]

_MEL_MEAN = -4.0  # natural logarithm; speech at a usual level has about this over its frames
_STATE = 0.9  # mean square that one layer adds to the hidden state, with these scales
_GAIN = 1.4  # of the vocoder's layers: below 1.3 the mel is hardly heard, above 1.5 it clips
_PITCH = 150.0  # Hz


@dataclass(frozen=True, slots=True)
class Size:
    """Sizes of all models; the defaults are the smallest that still have every part twice."""

    hidden: int = 32
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    ffn: int = 64
    codes: int = 256  # speech tokens
    vq_width: int = 32
    vq_heads: int = 2
    vq_layers: int = 2
    vq_positions: int = 1500  # 30 s
    vq_block: int | None = 200
    flow_width: int = 64
    flow_depth: int = 2
    flow_heads: int = 2
    text_width: int = 32
    hift_base: int = 16
    f0_width: int = 8
    end: float = 0.012  # chance of the end at a step, before the nucleus is taken

    @property
    def lm(self) -> LmConfig:
        """Of the language model; its head has as many channels as fit."""
        vocab = -(-glm_tokens.vocabulary(self.codes) // 64) * 64  # padded, as the official one
        return LmConfig(
            vocab, self.hidden, self.layers, self.heads, self.kv_heads,
            self.hidden // self.heads, self.ffn, 1e-5, 10000.0, 8192,
        )  # fmt: skip

    @property
    def vq(self) -> VqConfig:
        """Of the speech tokenizer."""
        width, ffn = self.vq_width, 2 * self.vq_width
        return VqConfig(
            width, self.vq_heads, self.vq_layers, ffn, 128,
            self.vq_positions, self.vq_block, 2, self.codes,
        )  # fmt: skip

    @property
    def flow(self) -> FlowConfig:
        """Of the flow."""
        vocab = self.codes + 1
        return FlowConfig(
            self.flow_width, self.flow_depth, self.flow_heads, 2, self.text_width, 4, vocab
        )

    @property
    def hift(self) -> HiftConfig:
        """Of the vocoder."""
        return HiftConfig(self.hift_base, self.f0_width)


TINY = Size()
# Large enough that arithmetic, not the calling of kernels, takes the time on a CPU.
SMALL = replace(
    TINY, hidden=512, layers=4, heads=8, ffn=1536, codes=4096, vq_width=128,
    flow_width=256, flow_depth=6, flow_heads=4, text_width=128, hift_base=128, f0_width=64,
    end=0.01,
)  # fmt: skip


def lm_tensors(size: Size, seed: int) -> Tensors:
    """Weights of the language model, float32 on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    config = size.lm
    tensors: Tensors = {}
    for name, shape in lm_shapes(config).items():
        if name.endswith("norm.weight"):
            tensors[name] = 1 + 0.05 * torch.randn(shape, generator=generator)
        else:
            tensors[name] = torch.randn(shape, generator=generator) / shape[1] ** 0.5
    common = torch.randn(config.hidden, generator=generator)
    common /= common.norm()
    for name, tensor in tensors.items():
        if name.endswith(("o_proj.weight", "down_proj.weight")):  # writers to the hidden state
            tensor -= torch.outer(common, common @ tensor)
    embedding = tensors["model.embed_tokens.weight"]
    embedding += torch.outer(1 - embedding @ common, common)
    # What the direction has of the normed state before the output, see _STATE.
    share = 1 / math.sqrt(2 / config.hidden + _STATE * config.layers)
    odds = math.log(size.end / (1 - size.end) * size.codes) + 0.5  # mean of exp(normal)
    embedding[glm_tokens.identifier("<|user|>", size.codes)] = common * (1 + odds / share)
    return tensors


def vq_tensors(size: Size, seed: int) -> Tensors:
    """Weights of the speech tokenizer's encoder, without ``model.encoder.``."""
    return _default(vq_shapes(size.vq), seed + 1)


def flow_tensors(size: Size, seed: int) -> Tensors:
    """Weights of the flow."""
    config = size.flow
    tensors = _default(flow_shapes(config), seed + 2)
    places = torch.arange(0, config.head_dim, 2, dtype=torch.float32)
    tensors["estimator.rotary_embed.inv_freq"] = 10000.0 ** (-places / config.head_dim)
    tensors["estimator.text_emb_layer.text_embed.weight"] *= 3  # tokens are to be heard
    tensors["estimator.proj_out.weight"] *= 3
    tensors["estimator.proj_out.bias"] += _MEL_MEAN
    return tensors


def hift_tensors(size: Size, seed: int) -> Tensors:
    """Weights of the vocoder of 24 kHz."""
    tensors = _default(hift_shapes(size.hift), seed + 3)
    for name in tensors:
        if name.endswith("original0"):  # weight norm: the length of each direction
            direction = tensors[name.replace("original0", "original1")]
            tensors[name] = direction.flatten(1).norm(dim=1).reshape(-1, 1, 1)
            if not name.startswith("f0_predictor"):
                tensors[name] *= _GAIN
    magnitudes = tensors["conv_post.bias"][: hift_shapes(size.hift)["conv_post.bias"][0] // 2]
    magnitudes -= 1.3  # natural logarithms; of the constant part still less
    magnitudes[0] -= 4
    tensors["f0_predictor.classifier.weight"] *= 20
    tensors["f0_predictor.classifier.bias"] += _PITCH
    return tensors


def _default(shapes: dict[str, tuple[int, ...]], seed: int) -> Tensors:
    """The usual random start of layers: uniform within the inverse root of the inputs; norms
    and slopes near one, tables of embeddings normal."""
    generator = torch.Generator().manual_seed(seed)

    def draw(name: str, shape: tuple[int, ...]) -> Tensor:
        if name.endswith(("norm.weight", "alpha")):
            return 1 + 0.1 * torch.randn(shape, generator=generator)
        if "embed" in name.rpartition("estimator.")[2].split(".")[-2] or "codebook" in name:
            return torch.randn(shape, generator=generator)
        if len(shape) < 2 or name.endswith(("gamma", "beta")):
            return 0.1 * torch.randn(shape, generator=generator)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        return bound * (2 * torch.rand(shape, generator=generator) - 1)

    return {name: draw(name, shape) for name, shape in shapes.items()}
