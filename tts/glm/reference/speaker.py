"""Who speaks, as 192 numbers: CAM++ by onnxruntime, on the CPU.

The same network gives the flow its voice and says afterwards how near a take came to it.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from castbook.errors import MissingDependency, StorageError
from tts.glm.checkpoint.configs import SPEAKER
from tts.glm.reference.fbank import BINS, LEAST_SAMPLES, speaker_features

# onnxruntime 1.30 and later start a thread that sends statistics; read when it is imported
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


class SpeakerModel:
    """CAMPPlus: fbank in, embedding out. One thread: splits of sums would show in the bits.

    Raises (constructor):
        MissingDependency: onnxruntime is not installed.
        StorageError: the file is missing, damaged, or another network.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingDependency(
                "the speaker model needs onnxruntime: pip install 'castbook[glm]'"
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                os.fspath(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # boundary: onnxruntime's errors have no common root
            reason = " ".join(str(error).split())
            raise StorageError(
                f"{path}: the speaker model cannot be loaded ({reason}); fetch it again"
            ) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        self._input = inputs[0].name
        shape = list(inputs[0].shape)
        bins = shape[2] if len(shape) == 3 else 0
        if len(inputs) != 1 or (isinstance(bins, int) and bins != BINS):  # a name: any size
            raise _other(path, f"its inputs are {[(i.name, i.shape) for i in inputs]}")
        self._output = outputs[0].name
        last = outputs[0].shape[-1] if outputs[0].shape else None
        if isinstance(last, int) and last != SPEAKER:
            raise _other(path, f"it gives {last} numbers")

    def embed(self, wave: Tensor) -> Tensor:
        """The embedding of a recording, not normalised.

        Args:
            wave: float32 [n] at 16 kHz, full scale 1; shorter than 25 ms is filled up.

        Returns:
            float32 [192], on the CPU.
        """
        wave = wave.to("cpu", torch.float32)
        if len(wave) < LEAST_SAMPLES:
            wave = torch.nn.functional.pad(wave, (0, LEAST_SAMPLES - len(wave)))
        features = speaker_features(wave)[None].contiguous().numpy()
        (found,) = self._session.run([self._output], {self._input: features})
        return torch.from_numpy(np.asarray(found, np.float32).reshape(-1).copy())


def similarity(one: Tensor, other: Tensor) -> float:
    """Cosine of two embeddings: 1 for the same direction, about 0 for two strangers.

    0 where one of them is nothing (a silent take), so that it is never taken for like.
    """
    a, b = one.double().flatten().cpu(), other.double().flatten().cpu()
    size = float(a.norm() * b.norm())
    return float(a @ b) / size if size > 0.0 else 0.0


def _other(path: Path, what: str) -> StorageError:
    return StorageError(
        f"{path}: this is another network than CAMPPlus ({what}); "
        f"expected [1, frames, {BINS}] to {SPEAKER} numbers"
    )
