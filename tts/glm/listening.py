"""What the engine itself hears of a finished request: signals for the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from tts.glm.reference.features import MODEL_RATE, resample
from tts.glm.reference.speaker import SpeakerModel, similarity
from tts.glm.signals import token_signals
from tts.glm.stages.work import Work

_LEAST_S: Final = 0.5  # of sound; the embedding of less says nothing of a voice


class Listener:
    """Signals of the tokens, and how like the reference the take sounds.

    Args:
        speaker: CAMPPlus; may be called from several threads.
        rate: of the samples, Hz.
    """

    def __init__(self, speaker: SpeakerModel, rate: int) -> None:
        self._speaker, self._rate = speaker, rate

    @torch.inference_mode()
    def __call__(self, work: Work, sounds: Sequence[Tensor]) -> dict[str, float]:
        """Signals by the names of ``audio/verdicts/signals.py``.

        Args:
            sounds: of the pieces, float32 [n] on the CPU.
        """
        spoken = [work.spoken[number] for number in range(len(work.pieces))]
        found = token_signals(spoken, sum(map(len, work.pieces)))
        wave = torch.cat(tuple(sounds))
        if len(wave) >= _LEAST_S * self._rate:
            heard = self._speaker.embed(resample(wave, self._rate, MODEL_RATE))
            found["similarity"] = similarity(heard, work.voice.features.embedding)
        return found
