"""Everything the models take from a reference clip: computed once, then kept.

``ReferenceReader`` holds the two networks (1.3 GB at the true size) and is needed only for
clips that ``FeatureStore`` does not hold yet. Keys are those of content: samples, rate, and
the models' fingerprint; never a path or a name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from castbook.canonical import digest
from castbook.files import write_bytes
from tts.glm.checkpoint.configs import MEL, SPEAKER, VqConfig
from tts.glm.reference.mel import mel
from tts.glm.reference.quantizer import SpeechTokenizer
from tts.glm.reference.speaker import SpeakerModel

MODEL_RATE: Final = 16_000  # Hz, of speech tokens and speaker embedding
_FORM: Final = 1  # of the stored features; raised when what they are changes
_FULL_SCALE: Final = 32768.0

Pcm = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class ReferenceFeatures:
    """A voice as the models take it. All tensors on the CPU."""

    speech_tokens: tuple[int, ...]  # 25 a second
    mel: Tensor  # float32 [P, 80], 50 frames a second, at the output rate
    embedding: Tensor  # float32 [192], not normalised


class ReferenceReader:
    """The networks that listen to reference clips.

    Args:
        config, weights: of the speech tokenizer (names ``model.encoder.…``).
        speaker: CAMPPlus.
        rate: of the vocoder, 24000 or 32000 Hz: the mel is made for it.
        device: of the speech tokenizer; the CPU unless there is a reason (``quantizer.py``).
    """

    def __init__(
        self,
        config: VqConfig,
        weights: Mapping[str, Tensor],
        speaker: SpeakerModel,
        *,
        rate: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.rate = rate
        self._tokenizer = SpeechTokenizer(config, weights, device=device)
        self._speaker = speaker

    @torch.inference_mode()
    def features(self, pcm: Pcm, rate: int) -> ReferenceFeatures:
        """Reads one clip, alone: its features depend on nothing else.

        Args:
            pcm: int16 (n,), mono. (Upstream takes the first channel for the tokens and the
                mean for the rest; castbook's clips are the mean for all three.)
            rate: Hz.
        """
        wave = as_wave(pcm)
        low = resample(wave, rate, MODEL_RATE)
        return ReferenceFeatures(
            speech_tokens=self._tokenizer.tokens(low),
            mel=mel(resample(wave, rate, self.rate), self.rate).cpu(),
            embedding=self._speaker.embed(low),
        )


class FeatureStore:
    """Features on disk, one safetensors file a clip, written whole.

    A file that is missing, cut short or of another form is as good as none: ``get`` says
    None, the clip is read again, and ``put`` replaces it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> ReferenceFeatures | None:
        """The features stored under a key of ``feature_key``."""
        try:
            tensors = load(self._path(key).read_bytes())
        except (OSError, SafetensorError):
            return None
        tokens, frames, voice = (tensors.get(name) for name in ("tokens", "mel", "embedding"))
        if tokens is None or frames is None or voice is None:
            return None
        if tokens.dim() != 1 or frames.shape[1:] != (MEL,) or voice.shape != (SPEAKER,):
            return None
        return ReferenceFeatures(tuple(tokens.tolist()), frames.float(), voice.float())

    def put(self, key: str, features: ReferenceFeatures) -> None:
        """Stores features; equal ones give equal bytes.

        Raises:
            StorageError: the folder cannot be written.
        """
        content = save(
            {
                "tokens": torch.tensor(features.speech_tokens, dtype=torch.int32),
                "mel": features.mel.contiguous(),
                "embedding": features.embedding.contiguous(),
            }
        )
        write_bytes(self._path(key), content)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.safetensors"


def feature_key(pcm: Pcm, rate: int, output_rate: int, fingerprint: str) -> str:
    """What decides a clip's features, as 64 hex digits.

    Args:
        pcm: int16 (n,), mono.
        rate: of the clip, Hz.
        output_rate: of the vocoder, Hz: decides the mel.
        fingerprint: of the weights of tokenizer and speaker model.
    """
    samples = hashlib.sha256(np.ascontiguousarray(pcm, dtype="<i2").data).hexdigest()
    return digest(
        {
            "pcm": samples,
            "rate": rate,
            "output_rate": output_rate,
            "models": fingerprint,
            "form": _FORM,
        }
    )


def as_wave(pcm: Pcm) -> Tensor:
    """int16 (n,) to float32 [n] with full scale 1."""
    return torch.from_numpy(np.asarray(pcm, np.float32) / np.float32(_FULL_SCALE))


def resample(wave: Tensor, rate: int, wanted: int) -> Tensor:
    """float32 [n] at another rate, by torchaudio's windowed sinc, as the models were fed."""
    if rate == wanted:
        return wave
    from torchaudio.functional import resample as sinc

    found: Tensor = sinc(wave, rate, wanted)
    return found
