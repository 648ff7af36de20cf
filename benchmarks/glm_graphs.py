"""The two networks of a GLM-TTS checkpoint that come as programs, in toy form.

Same interfaces as the official files: ``campplus.onnx`` takes features [1, T, 80] and gives an
embedding of 192 numbers; ``generator_jit.ckpt`` is TorchScript from mel [B, T, 80] to samples
[B, 640 T].
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

_MELS, _EMBEDDING, _HOP = 80, 192, 640


def write_speaker(path: Path, seed: int) -> None:
    """A speaker network: the same for the same sound, different for different voices.

    The features come with their mean over time removed, so what is pooled over time is the
    size of 192 random directions; the mean over these is taken off, else all voices agree.
    """
    directions = np.random.default_rng(seed).normal(size=(_MELS, _EMBEDDING)) / _MELS**0.5
    nodes = [
        helper.make_node("MatMul", ["feature", "directions"], ["projected"]),
        helper.make_node("Abs", ["projected"], ["sizes"]),
        helper.make_node("ReduceMean", ["sizes"], ["pooled"], axes=[1], keepdims=0),
        helper.make_node("ReduceMean", ["pooled"], ["common"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["pooled", "common"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "speaker",
        [helper.make_tensor_value_info("feature", TensorProto.FLOAT, [1, "frames", _MELS])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, _EMBEDDING])],
        [numpy_helper.from_array(directions.astype(np.float32), "directions")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="castbook"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))


class _Frames(nn.Module):
    """One linear layer from a mel frame to its samples."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(torch.randn(_MELS, _HOP, generator=generator) / _MELS)

    def forward(self, mel: Tensor) -> Tensor:
        return torch.tanh(0.1 * torch.matmul(mel, self.weight)).flatten(1)


def write_vocos(path: Path, seed: int) -> None:
    """The vocoder of 32 kHz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is; the file needs it
        torch.jit.save(torch.jit.script(_Frames(seed)), str(path))
