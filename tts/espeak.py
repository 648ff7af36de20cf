"""The espeak engine: espeak-ng, robotic, instant, in a hundred languages, on any machine.

Reproducible: each segment is spoken by a fork of a process that has loaded the library and
not yet spoken (``tts/forks.py``), so its bytes depend on text, voice and parameters alone,
for any number of workers and any order. The GPL-3.0-or-later library is loaded in those
processes only (``tts/espeak_library.py``); this file never touches it.

A preset is ``LANGUAGE`` or ``LANGUAGE+VARIANT`` of espeak-ng (``en-gb-x-rp+f2``); the ones
listed in ``configs/engines/espeak.yaml`` are those worth casting. Text is spoken literally:
no SSML, no phoneme brackets. Parameters of a voice:

| parameter | meaning |
|---|---|
| speed | words per minute, 80-450; 175 if absent |
| pitch | 0-99; 50 if absent |
| range | of the intonation, 0-99; 50 if absent |
| gap | between words, in ms, 0-500; the library works in steps of 10 |

Option: ``workers``, segments at once; the number of cores if absent. It changes no byte.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import numpy as np

from castbook.errors import VoiceError
from castbook.phonemes import mark, split
from tts.crew import Answer, Crew
from tts.engine import (  # fmt: skip
    Capabilities,
    Failure,
    Preset,
    Request,
    Speech,
    Voice,
    WordTime,
)
from tts.espeak_voices import Names, package_folder, read_names
from tts.forked import ForkedEngine
from tts.options import Number, check_known, check_numbers, check_parameters
from tts.presets import shipped_presets
from tts.text import clean

_VERSION = 1  # raised when the sound changes
_RATE = 22050  # Hz; fixed by espeak-ng's data
# espeak-ng itself has no limit. 600 characters are 40 s of English: enough for any sentence,
# and what a listener asks to hear again is still short. Tested without punctuation, too.
_LIMIT = 600
_JOB_S = 60.0  # a segment takes 10 ms
_PARAMETERS = {
    "speed": Number(80, 450, whole=True),
    "pitch": Number(0, 99, whole=True),
    "range": Number(0, 99, whole=True),
    "gap": Number(0, 500, whole=True),
}
_GAP_UNIT_MS = 10
_NOTHING = Failure("permanent", "nothing to speak: the text has no word that espeak-ng can say")


class EspeakEngine(ForkedEngine):
    """See the module."""

    name: ClassVar[str] = "espeak"

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        check_known(self.name, self.options, ("workers",))
        check_numbers(self.name, self.options, {"workers": Number(1, 256, whole=True)})
        self._workers: int = self.options.get("workers", os.cpu_count() or 1)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            rate=_RATE,
            languages=_languages(),
            limit=_LIMIT,
            unit="characters",
            seeds=False,
            word_times=True,
            phonemes=("espeak",),
            slots=2 * self._workers,  # so that no worker waits for its next segment
            reports=True,
        )

    def fingerprint(self) -> str:
        return f"espeak {_VERSION} espeakng-loader={_loader_version()}"

    def presets(self) -> Sequence[Preset]:
        return shipped_presets(self.name)

    def missing(self) -> str | None:
        if package_folder() is None:
            return "the package espeakng-loader is not installed: pip install 'castbook[espeak]'"
        return None

    def check_voice(self, voice: Voice, language: str) -> None:
        if voice.reference is not None or voice.preset is None:
            raise VoiceError("engine espeak cannot clone a voice", expected="a preset")
        check_parameters(self.name, voice.parameters, _PARAMETERS)
        names = _names()
        if names is None:  # not installed here: ``missing`` says so
            return
        names.split(voice.preset)
        if language and names.language(language) is None:
            raise VoiceError(f"engine espeak does not speak {language!r}")

    def _make_crew(self) -> Crew:
        import espeakng_loader  # loads nothing by itself, only knows the files' names

        return Crew(
            "tts.espeak_library",
            {
                "library": espeakng_loader.get_library_path(),
                "data": espeakng_loader.get_data_path(),
            },
            self._workers,
            begun=self._begun,
            limit_s=_JOB_S,
        )

    def _job(self, request: Request, voice: Voice) -> dict[str, object] | Failure:
        text = clean(request.text)
        names = _names()
        if not text.strip():
            return _NOTHING
        if voice.preset is None or names is None:  # check_voice and load have seen to that
            return Failure("permanent", "engine espeak speaks with presets only")
        parameters = dict(voice.parameters)
        if "gap" in parameters:
            parameters["gap"] //= _GAP_UNIT_MS
        spoken_by = names.voice(voice.preset, request.language)
        sounded = with_phonemes(text)
        return {
            "text": sounded,
            "phonemes": sounded != text,
            "voice": spoken_by,
            "parameters": parameters,
        }

    def _speech(self, answer: Answer, request: Request) -> Speech | Failure:
        pcm = np.frombuffer(answer.payload, "<i2").astype(np.int16, copy=False)
        words = word_times(answer.header["words"], request.text, len(pcm))
        if not words:
            return _NOTHING
        return Speech(pcm=pcm, rate=_RATE, words=words, seconds=answer.header["seconds"])


def with_phonemes(text: str) -> str:
    """``⟦espeak:bru:m⟧`` in the library's own brackets, ``[[bru:m]]``; equally long.

    Equally long, because the library reports places in its text and word times are places in
    the request's. Without phonemes nothing is changed, brackets included.
    """
    parts = split(text)
    if all(isinstance(part, str) for part in parts):
        return text
    written = []
    for part in parts:
        if isinstance(part, str):
            written.append(part.replace("[[", "  "))  # no phonemes, and must not be taken for any
        else:
            marked = f"[[{part.sounds}]]"
            written.append(marked + " " * (len(mark("espeak", part.sounds)) - len(marked)))
    return "".join(written)


def word_times(events: Sequence[Sequence[int]], text: str, frames: int) -> tuple[WordTime, ...]:
    """Word events as strictly rising words of ``text``.

    espeak-ng reports one event per word it says: a number read as several words repeats its
    place, compounds of Chinese give one event on their first character, and a length may
    reach into the next word.
    """
    starts: list[tuple[int, int, int]] = []
    for start, length, frame in events:
        if start < 0 or start >= len(text) or frame < 0 or frame >= frames:
            continue
        if not starts or start > starts[-1][0]:
            starts.append((start, length, frame))
    words = []
    for i, (start, length, frame) in enumerate(starts):
        following = starts[i + 1][0] if i + 1 < len(starts) else len(text)
        words.append(WordTime(start, min(start + max(1, length), following), frame))
    return tuple(words)


def _names() -> Names | None:
    folder = package_folder()
    return None if folder is None else read_names(folder / "espeak-ng-data")


@cache
def _languages() -> tuple[str, ...]:
    """Primary tags: of the installed data, else of the presets."""
    names = _names()
    if names is None:
        tags = {tag for preset in shipped_presets("espeak") for tag in preset.languages}
    else:
        tags = {tag.partition("-")[0] for tag in (*names.languages, *names.aliases)}
    return tuple(sorted(tags))


def _loader_version() -> str:
    """The wheel holds library and data, so its version is theirs (0.2.4: espeak-ng 1.52.0)."""
    try:
        return version("espeakng-loader")
    except PackageNotFoundError:
        return "none"
