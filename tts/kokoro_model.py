"""Kokoro by kokoro-onnx: phonemes, then samples. Runs in processes of its own only.

The front end (phonemizer, espeak-ng) is GPL, and the model draws noise from a generator that
goes on from call to call (``RandomNormalLike`` in its sine source), so nothing imports this
file but the forking process that it is the main program of (``tts/forks.py``): each request
is the first that its fork speaks, with the generator where the seed of the session put it.
One thread per session: how sums are split among threads would show in the last bits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from castbook.phonemes import Phonemes, split
from tts.forks import Header, Refusal, Work, serve

ESPEAK = {"en-us": "en-us", "en-gb": "en-gb", "es": "es", "fr": "fr-fr", "hi": "hi", "it": "it",
          "pt": "pt-br"}  # fmt: skip  # castbook's accents → espeak-ng's voices
_SEED = 1  # of the noise; kokoro-onnx has no other randomness

FrontEnd = Callable[[str], str]


class KokoroModel:
    """Model, voices and front ends, loaded once.

    Raises (constructor): Refusal: a file is damaged, or onnxruntime cannot run the model.
    """

    def __init__(self, model: str, voices: str) -> None:
        import onnxruntime
        from kokoro_onnx import Kokoro

        onnxruntime.set_seed(_SEED)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
            self._kokoro: Any = Kokoro.from_session(session, voices)
            # All styles (28 MB) now: forks that read the file later would share its offset.
            with self._kokoro.voices as file:
                self._kokoro.voices = {name: file[name] for name in file.files}
        except (OSError, ValueError, RuntimeError) as error:
            raise Refusal(f"the weights cannot be loaded: {error}") from error
        except Exception as error:  # boundary: onnxruntime's errors have no common root
            raise Refusal(f"the model cannot be loaded: {error}") from error
        self._front_ends: Mapping[str, FrontEnd] = {
            accent: self._espeak(voice) for accent, voice in ESPEAK.items()
        }
        for phonemes in self._front_ends.values():
            phonemes("a")  # phonemizer keeps a copy of the library per language: made once, here
        chinese = _chinese()
        if chinese is not None:
            self._front_ends = {**self._front_ends, "zh": chinese}

    def voices(self) -> list[str]:
        """Names in the voices file."""
        return sorted(self._kokoro.voices)

    def speak(self, text: str, voice: str, accent: str, speed: float) -> tuple[bytes, int, int]:
        """(little-endian 16-bit mono PCM, Hz, clipped samples).

        Raises:
            Refusal: no such voice or front end, or nothing to speak.
        """
        if voice not in self._kokoro.voices:
            raise Refusal(f"the voices file has no {voice}")
        front_end = self._front_ends.get(accent)
        if front_end is None:
            raise Refusal(f"the front end for {accent} is not installed: pip install 'misaki[zh]'")
        sounds = (p.sounds if isinstance(p, Phonemes) else front_end(p) for p in split(text))
        phonemes = self._kokoro.tokenizer.known(" ".join(sounds)).strip()
        if not any(mark.isalpha() for mark in phonemes):
            raise Refusal("nothing to speak: the text has no word that kokoro can say")
        samples, rate = self._kokoro.create(phonemes, voice, speed=speed, is_phonemes=True)
        if not np.all(np.isfinite(samples)):
            raise RuntimeError("the model gave samples that are no numbers")
        scaled = np.rint(np.asarray(samples, np.float64) * 32768.0)
        clipped = int(np.count_nonzero((scaled > 32767) | (scaled < -32768)))
        return np.clip(scaled, -32768, 32767).astype("<i2").tobytes(), int(rate), clipped

    def _espeak(self, voice: str) -> FrontEnd:
        def phonemes(text: str) -> str:
            found: str = self._kokoro.tokenizer.phonemize(text, voice)
            return found

        return phonemes


def _chinese() -> FrontEnd | None:
    """Mandarin's front end, when it is installed."""
    try:
        from misaki import zh
    except ImportError:
        return None
    convert = zh.ZHG2P()

    def phonemes(text: str) -> str:
        found: str = convert(text)[0]
        return found

    phonemes("字")  # reads the dictionary, once
    return phonemes


def setup(header: Header) -> tuple[Header, Work]:
    """Loads everything once; each job is the first that its fork speaks."""
    model = KokoroModel(header["model"], header["voices"])

    def work(job: Header) -> tuple[Header, bytes]:
        pcm, rate, clipped = model.speak(job["text"], job["voice"], job["accent"], job["speed"])
        return {"rate": rate, "clipped": clipped}, pcm

    return {"voices": model.voices()}, work


if __name__ == "__main__":
    serve(setup, sys.argv[1:])
