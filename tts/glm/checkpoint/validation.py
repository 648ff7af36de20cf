"""Everything that can be wrong with a checkpoint, said before any of it is loaded.

``examine`` reads configs, the lists of tensors and the tokenizer, holds them against one another
and against what this engine can run, and raises the first thing that is wrong: one line with
file, finding, expectation and what to do. Reading the lists takes milliseconds whatever the
size of the model; the one thing really opened is the speaker network (28 MB).
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from castbook.errors import MissingDependency
from tts.glm.checkpoint.comparison import compare_pickled, compare_stored
from tts.glm.checkpoint.configs import (
    MEL,
    RATES,
    SPEAKER,
    FlowConfig,
    HiftConfig,
    LmConfig,
    SpecialTokens,
    VqConfig,
)
from tts.glm.checkpoint.faults import check_file, damaged, unfit
from tts.glm.checkpoint.fields import Unusable
from tts.glm.checkpoint.flowsettings import read_settings
from tts.glm.checkpoint.layout import VOCOS, Layout, find_layout
from tts.glm.checkpoint.pickles import read_pickle
from tts.glm.checkpoint.shapes import (
    Expected,
    flow_shapes,
    hift_shapes,
    lm_shapes,
    vq_is_needless,
    vq_shapes,
)
from tts.glm.checkpoint.tensorfiles import Stored, read_json, read_stored
from tts.glm.checkpoint.tokens import read_special

T = TypeVar("T")

ENCODER = "model.encoder."
_PREPROCESSOR = {
    "feature_size": 128, "n_fft": 400, "hop_length": 160, "sampling_rate": 16000,
    "chunk_length": 30,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint that was examined: its sizes, and where each tensor is."""

    layout: Layout
    rate: int  # Hz, of the vocoder that was asked for
    lm: LmConfig
    vq: VqConfig
    flow: FlowConfig
    hift: HiftConfig | None  # None at 32 kHz, whose vocoder is a program of its own
    special: SpecialTokens
    lm_tensors: Mapping[str, Stored]
    vq_tensors: Mapping[str, Stored]  # by their stored names

    @property
    def parameters(self) -> Mapping[str, int]:
        """Numbers of parameters that are loaded, by stage."""
        shapes: dict[str, Expected] = {
            "lm": lm_shapes(self.lm),
            "vq": vq_shapes(self.vq),
            "flow": flow_shapes(self.flow),
        }
        if self.hift is not None:
            shapes["hift"] = hift_shapes(self.hift)
        return {stage: _numbers(tensors) for stage, tensors in shapes.items()}


def examine(folder: Path, *, rate: int = 24000) -> Checkpoint:
    """Looks at a whole checkpoint and loads nothing.

    Args:
        folder: the official folder, or a checkout with it inside as ``ckpt/``.
        rate: of the sound, Hz: decides which vocoder must be there.

    Raises:
        MissingDependency: something is missing, or is of a model this engine cannot run.
        StorageError: something is damaged.
    """
    if rate not in RATES:
        raise unfit(folder, f"no vocoder of {rate} Hz", " or ".join(map(str, RATES)))
    layout = find_layout(folder)
    for path in layout.files(rate):
        check_file(path)
    lm, lm_tensors = _examine_lm(layout.lm)
    vq, vq_tensors = _examine_vq(layout.vq)
    flow = _examine_flow(layout)
    special = read_special(layout.tokenizer)
    _examine_agreement(layout, lm, vq, flow, special)
    hift = None if rate == 32000 else _examine_hift(layout.hift)
    if rate == 32000 and not zipfile.is_zipfile(layout.vocos):
        raise damaged(layout.vocos, "no archive of TorchScript", VOCOS)
    _examine_speaker(layout.speaker)
    return Checkpoint(layout, rate, lm, vq, flow, hift, special, lm_tensors, vq_tensors)


def _examine_lm(folder: Path) -> tuple[LmConfig, dict[str, Stored]]:
    path = folder / "config.json"
    config = _usable(path, lambda: LmConfig.from_json(read_json(path)))
    stored = read_stored(folder)
    if "lm_head.weight" in stored:
        raise unfit(
            stored["lm_head.weight"].file,
            "an output layer of its own (lm_head.weight)",
            "none: the published model uses its embedding",
        )
    compare_stored(folder, lm_shapes(config), stored)
    return config, stored


def _examine_vq(folder: Path) -> tuple[VqConfig, dict[str, Stored]]:
    path = folder / "config.json"
    config = _usable(path, lambda: VqConfig.from_json(read_json(path)))
    standard = folder / "preprocessor_config.json"  # not needed: these numbers are built in
    if standard.is_file():
        data = read_json(standard)
        for key, value in (_PREPROCESSOR | {"feature_size": config.mels}).items():
            if data.get(key, value) != value:
                raise unfit(standard, f"{key}: {data[key]!r}", str(value))
    stored = {
        name: tensor
        for name, tensor in read_stored(folder).items()
        if name.startswith(ENCODER) and not vq_is_needless(name.removeprefix(ENCODER), config)
    }
    expected = {f"{ENCODER}{name}": shape for name, shape in vq_shapes(config).items()}
    compare_stored(folder, expected, stored)
    return config, stored


def _examine_flow(layout: Layout) -> FlowConfig:
    path = layout.flow_config
    settings = read_settings(path)
    tensors = read_pickle(layout.flow, only_shapes=True)
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    _usable(path, lambda: FlowConfig.check_settings(settings))
    config = _usable(layout.flow, lambda: FlowConfig.from_shapes(shapes, settings))
    compare_pickled(layout.flow, flow_shapes(config), tensors)
    return config


def _examine_hift(path: Path) -> HiftConfig:
    tensors = read_pickle(path, only_shapes=True)
    if "conv_pre.weight_g" in tensors:
        raise unfit(path, "weight norm under its old names", "conv_pre.parametrizations.weight.…")
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    config = _usable(path, lambda: HiftConfig.from_shapes(shapes))
    compare_pickled(path, hift_shapes(config), tensors)
    return config


def _examine_agreement(
    layout: Layout, lm: LmConfig, vq: VqConfig, flow: FlowConfig, special: SpecialTokens
) -> None:
    """That the parts are of one model."""
    if special.ate >= lm.vocab:
        raise unfit(
            layout.tokenizer / "tokenizer_config.json",
            f"speech tokens up to id {special.ate}",
            f"ids below {lm.vocab}, the vocabulary of llm/config.json",
        )
    if special.codes != vq.codebook:
        raise unfit(
            layout.tokenizer / "tokenizer_config.json",
            f"{special.codes} speech tokens",
            f"{vq.codebook}, the codebook of speech_tokenizer/config.json",
        )
    if flow.vocab < special.codes:
        raise unfit(layout.flow, f"embeddings of {flow.vocab} tokens", f"at least {special.codes}")
    if (flow.mel, flow.speaker) != (MEL, SPEAKER):
        raise unfit(
            layout.flow,
            f"{flow.mel} mel bands and {flow.speaker} numbers of a speaker",
            f"{MEL} and {SPEAKER}",
        )


def _examine_speaker(path: Path) -> None:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependency(
            "the package onnxruntime is not installed: pip install 'castbook[glm]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what it would print is in the error
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # its exceptions share no class that it exports
        reason = " ".join(str(error).split())[:120]
        raise damaged(path, f"cannot be read ({reason})", "an ONNX model") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    bands = inputs[0].shape[-1] if len(inputs) == 1 and len(inputs[0].shape) == 3 else None
    if bands != MEL and not isinstance(bands, str):
        shapes = ", ".join(str(node.shape) for node in inputs)
        raise unfit(path, f"takes {shapes}", f"features [1, frames, {MEL}]")
    numbers = outputs[0].shape[-1]
    if numbers != SPEAKER and isinstance(numbers, int):
        raise unfit(path, f"gives {outputs[0].shape}", f"{SPEAKER} numbers")


def _usable(path: Path, make: Callable[[], T]) -> T:
    try:
        return make()
    except Unusable as error:
        raise unfit(path, f"{error.place} is {error.found}", error.expected) from error


def _numbers(shapes: Expected) -> int:
    return sum(math.prod(shape) for shape in shapes.values())
