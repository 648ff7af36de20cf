"""How fast GLM-TTS could be on a device at most: arithmetic and traffic, each at a measured rate.

The language model moves all its weights once for a step of all slots, and the keys and values of
every slot, and does two operations for each weight and row. Flow and vocoder are counted by
torch's own counter of operations; their weights are too few to matter.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.glm_checkpoint import Size
from tts.glm.checkpoint.configs import TOKENS_PER_SECOND
from tts.glm.checkpoint.shapes import flow_shapes, hift_shapes, lm_shapes
from tts.glm.flow.batching import Flow
from tts.glm.lm.llama import LanguageModel
from tts.glm.lm.prompts import Generated
from tts.glm.stages.work import Work, flow_job, vocoder_job
from tts.glm.vocoder.hift import Hift

_SIDE = {"cpu": 1024, "cuda": 8192}  # of the matrices multiplied
_COPIED = {"cpu": 1 << 26, "cuda": 1 << 30}  # bytes
_ROUNDS = 5


def limits(
    lm: LanguageModel,
    flow: Flow,
    hift: Hift,
    works: Sequence[Work],
    slots: int,
    dtype: torch.dtype,
) -> dict[str, float]:
    """Seconds of sound for each second that each stage could make at most, by stage.

    Args:
        flow: one that pads nothing.
        dtype: of the language model.
    """
    device = lm.device
    traffic = copy_rate(device)
    config = lm.config
    layer = config.hidden * (2 * config.heads + 2 * config.kv_heads) * config.head_dim
    layer += 3 * config.hidden * config.ffn
    weights = config.layers * layer + lm.width * config.hidden
    position = 2 * config.layers * config.kv_heads * config.head_dim
    held = sum(_positions(work) for work in works) / len(works)
    size = torch.empty((), dtype=dtype).element_size()
    moved = size * (weights + slots * held * position) / traffic
    counted = slots * 2 * (weights + held * position * config.heads / config.kv_heads)
    step_s = max(moved, counted / product_rate(device, dtype))
    work = works[len(works) // 2]
    work.spoken[0] = Generated("", tuple(range(work.length or 0)), True, 0.0, 0)
    seconds = (work.length or 0) / TOKENS_PER_SECOND
    rate = product_rate(device, torch.float32)
    with FlopCounterMode(display=False) as flow_count:
        [mel] = flow.sample([flow_job(work, 0)])
    with FlopCounterMode(display=False) as hift_count:
        hift.vocode([vocoder_job(work, 0, mel)])
    work.spoken.clear()
    return {
        "lm": slots / step_s / TOKENS_PER_SECOND,
        "flow": rate * seconds / flow_count.get_total_flops(),
        "hift": rate * seconds / hift_count.get_total_flops(),
    }


def parameters(size: Size) -> dict[str, int]:
    """Numbers of parameters by stage."""
    shapes = {
        "lm": lm_shapes(size.lm),
        "flow": flow_shapes(size.flow),
        "hift": hift_shapes(size.hift),
    }
    return {name: sum(map(math.prod, each.values())) for name, each in shapes.items()}


def product_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Operations in a second of a large product of matrices, with the settings of now."""
    side = _SIDE[device.type]
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    return 2 * side**3 / _best(lambda: left @ right, device)


def copy_rate(device: torch.device) -> float:
    """Bytes read and written in a second of a large copy."""
    source = torch.randint(255, (_COPIED[device.type],), dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * len(source) / _best(lambda: target.copy_(source), device)


def _best(job: Callable[[], object], device: torch.device) -> float:
    spent = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        job()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        spent.append(time.perf_counter() - began)
    return min(spent)


def _positions(work: Work) -> float:
    """Keys that a step looks at, in the mean over an answer."""
    said = work.reference
    return len(said.text) + len(work.pieces[0]) + 1 + len(said.speech) + (work.length or 0) / 2
