"""How much memory the engine needs, from sizes alone; light.

Weights and keys and values are counted exactly. What the networks need while they work is an
allowance (``_WORK``), to be replaced where it was measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tts.glm.checkpoint.configs import FlowConfig, HiftConfig, LmConfig, VqConfig
from tts.glm.checkpoint.shapes import flow_shapes, hift_shapes, lm_shapes, vq_shapes
from tts.glm.options import RENDERINGS, Options

_BYTES: Final = {"fp32": 4, "bf16": 2}
_GIB: Final = 1 << 30
# Allowance for a GPU: context of the driver and its libraries 0.6, recorded graphs
# and the widest batch of the flow (32,768 rows of 768 numbers, a dozen of them alive) 1.2,
# windows of the vocoder 1.2 GiB, computed and not measured.
_WORK: Final = 3 * _GIB
_ONE_ROW: Final = 3 * _GIB // 2  # flow batches of one segment
# For a CPU: the language model at work, and each rendering at once with the vocoder's widest
# window (measured at the true size: 0.4 GB each, one and two of them).
_SAMPLING: Final = _GIB // 2
_RENDERING: Final = 2 * _GIB // 5


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the models of one checkpoint."""

    lm: LmConfig
    vq: VqConfig
    flow: FlowConfig
    hift: HiftConfig | None  # None at 32 kHz


OFFICIAL: Final = Sizes(
    LmConfig(98304, 2048, 28, 16, 4, 128, 6144, 1e-5, 10000.0, 8192),
    VqConfig(1280, 20, 16, 5120, 128, 1500, 200, 2, 32768),
    FlowConfig(768, 18, 12, 2, 512, 4, 100_001),
    HiftConfig(512, 512),
)


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes on one device."""

    weights: int  # language model, flow, vocoder: always there
    reference: int  # networks that read a new voice: there while they do
    cache: int  # keys and values of all slots
    work: int  # allowance for what is computed

    @property
    def total(self) -> int:
        """At most, when a new voice is read beside everything else."""
        return self.weights + self.reference + self.cache + self.work


def need(options: Options, kind: str, sizes: Sizes = OFFICIAL, *, cores: int = RENDERINGS) -> Need:
    """What the engine needs on one device.

    Args:
        kind: "cpu" or "cuda".
        cores: of the processor; as many segments are rendered at once where it does all.
    """
    kind = "cuda" if kind == "cuda" else "cpu"
    weights = _numbers(lm_shapes(sizes.lm)) * _BYTES[options.dtype_on(kind)]
    weights += 4 * _numbers(flow_shapes(sizes.flow))
    if sizes.hift is not None:
        weights += 4 * _numbers(hift_shapes(sizes.hift))
    lm = sizes.lm
    position = 2 * lm.layers * lm.kv_heads * lm.head_dim * _BYTES[options.cache_on(kind)]
    cache = position * min(options.context, lm.max_positions) * options.slots_on(kind)
    if kind == "cuda":
        work = _ONE_ROW if options.rows == 1 else _WORK
    else:
        work = _SAMPLING + _RENDERING * min(cores, options.rows or RENDERINGS)
    return Need(weights, 4 * _numbers(vq_shapes(sizes.vq)), cache, work)


def _numbers(shapes: dict[str, tuple[int, ...]]) -> int:
    return sum(math.prod(shape) for shape in shapes.values())
