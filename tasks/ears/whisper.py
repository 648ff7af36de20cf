"""faster-whisper with one fixed way of decoding. Imported in the recogniser's process only.

The same audio gives the same words: temperature 0 and no fallback to higher ones, no words of
a sentence before, no prompt, no filter of voice activity (it cuts the quiet end of a take).
The language is given, not guessed: a short take would be taken for Welsh.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 16000  # Hz, what Whisper hears
OPTIONS: Mapping[str, Any] = {
    "task": "transcribe",
    "beam_size": 5,
    "temperature": 0.0,
    "condition_on_previous_text": False,
    "without_timestamps": True,
    "compression_ratio_threshold": None,  # judged by audio/hearing, not by decoding again
    "log_prob_threshold": None,
    "no_speech_threshold": None,
}
_THREADS = 4  # more do not make one short take faster


class Whisper:
    """A loaded model.

    Args:
        folder: of the converted model.

    Raises (constructor): ImportError, RuntimeError, ValueError, OSError: it cannot be loaded.
    """

    def __init__(self, folder: str) -> None:
        import ctranslate2
        from faster_whisper import WhisperModel

        cuda = ctranslate2.get_cuda_device_count() > 0
        self.device = "cuda float16" if cuda else "cpu int8"
        self._model = WhisperModel(
            folder,
            device="cuda" if cuda else "cpu",
            compute_type="float16" if cuda else "int8",
            cpu_threads=min(_THREADS, os.cpu_count() or 1),
            local_files_only=True,
        )
        self.languages = tuple(self._model.supported_languages)

    def hear(self, samples: NDArray[np.float32], language: str) -> dict[str, Any]:
        """What is said.

        Args:
            samples: float32 (n,), -1...1, at ``RATE``.
            language: of ``languages``.

        Returns:
            text, avg_logprob, no_speech, compression, seconds.
        """
        segments = list(self._model.transcribe(samples, language=language, **OPTIONS)[0])
        weights = [max(1, len(s.tokens)) for s in segments]
        total = sum(weights)
        return {
            "text": "".join(s.text for s in segments).strip(),
            "avg_logprob": sum(
                s.avg_logprob * w / total for s, w in zip(segments, weights, strict=True)
            ),
            "no_speech": min((s.no_speech_prob for s in segments), default=1.0),
            "compression": max((s.compression_ratio for s in segments), default=0.0),
            "seconds": len(samples) / RATE,
        }
