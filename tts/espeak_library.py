"""espeak-ng by ctypes: text to 16-bit PCM and word events. Runs in processes of its own only.

The library is GPL-3.0-or-later and keeps state between texts, so nothing imports this file
but the forking process that it is the main program of (``tts/forks.py``); see there for how
bytes become reproducible. Standard library only. Names of functions, structures and numbers
are those of espeak-ng's public header ``speak_lib.h`` (1.52).
"""

from __future__ import annotations

import ctypes
import sys
from array import array
from typing import Any

from tts.forks import Header, Refusal, Work, serve

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1  # without espeakSSML: "<b>" is text
_PHONEMES = 0x100  # "[[x]]" are phonemes; without it they are text
_POS_CHARACTER = 1
_EVENT_LIST_TERMINATED = 0
_EVENT_WORD = 1
# Voices with breath or flutter (f2, whisper…) draw noise that the library seeds with the time
# of its load, in seconds: without this, they say something else in every run.
_SEED = 1
PARAMETERS = {"speed": 1, "pitch": 3, "range": 4, "gap": 7}  # espeak_PARAMETER


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # 1-based, in characters
        ("length", ctypes.c_int),  # in characters
        ("audio_position", ctypes.c_int),  # ms
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class EspeakLibrary:
    """One load of the library.

    Raises (constructor): Refusal: the library or its data cannot be loaded.
    """

    def __init__(self, library: str, data: str) -> None:
        try:
            self._lib: Any = ctypes.CDLL(library)
        except OSError as error:
            raise Refusal(f"the espeak-ng library cannot be loaded: {error}") from error
        self._lib.espeak_SetSynthCallback.argtypes = [_Callback]
        self._lib.espeak_Info.restype = ctypes.c_char_p
        self._lib.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        self._lib.espeak_ListVoices.argtypes = [ctypes.c_void_p]
        self._lib.espeak_ListVoices.restype = ctypes.c_void_p
        self._lib.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        self.rate: int = self._lib.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, 0, data.encode(), _INITIALIZE_DONT_EXIT
        )
        if self.rate <= 0:
            raise Refusal(f"espeak-ng finds no data in {data}")
        self.version: str = self._lib.espeak_Info(None).decode()

    def warm(self) -> None:
        """Reads the 230 voice files now, instead of in each fork: 2 of 8 ms per segment. Changes
        no byte of the audio (tests/tts/test_espeak.py)."""
        self._lib.espeak_ListVoices(None)

    def speak(
        self, text: str, voice: str, parameters: dict[str, int], *, phonemes: bool = False
    ) -> tuple[bytes, list[list[int]]]:
        """Speaks ``text``; only the first call after a load is reproducible.

        Args:
            text: without control characters.
            voice: as in ``en-us+f2``.
            parameters: in the library's units, names of ``PARAMETERS``.
            phonemes: whether ``[[…]]`` in ``text`` are phonemes in the library's alphabet.

        Returns:
            little-endian 16-bit mono PCM at ``rate``, and for each word event
            ``[first character (0-based), length, frame]``.

        Raises:
            Refusal: the library does not know the voice.
        """
        self._lib.espeak_ng_SetRandSeed(_SEED)
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise Refusal(f"espeak-ng cannot load the voice {voice}")
        for name, value in parameters.items():
            self._lib.espeak_SetParameter(PARAMETERS[name], value, 0)
        pcm, words = bytearray(), []

        def take(samples: int | None, count: int, events: Any) -> int:
            if samples and count > 0:
                pcm.extend(ctypes.string_at(samples, 2 * count))
            index = 0
            while events[index].type != _EVENT_LIST_TERMINATED:
                event = events[index]
                if event.type == _EVENT_WORD:
                    words.append([event.text_position - 1, event.length, event.sample])
                index += 1
            return 0

        callback = _Callback(take)
        self._lib.espeak_SetSynthCallback(callback)
        raw = text.encode()
        flags = _CHARS_UTF8 | (_PHONEMES if phonemes else 0)
        status = self._lib.espeak_Synth(raw, len(raw) + 1, 0, _POS_CHARACTER, 0, flags, None, None)
        if status != 0:
            raise RuntimeError(f"espeak_Synth gave {status}")
        return _little_endian(bytes(pcm)), words


def setup(header: Header) -> tuple[Header, Work]:
    """Loads the library once; each job is the first that its fork speaks."""
    library = EspeakLibrary(header["library"], header["data"])
    library.warm()

    def work(job: Header) -> tuple[Header, bytes]:
        pcm, words = library.speak(
            job["text"], job["voice"], job["parameters"], phonemes=job["phonemes"]
        )
        return {"words": words}, pcm

    return {"rate": library.rate, "version": library.version}, work


def _little_endian(pcm: bytes) -> bytes:
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


if __name__ == "__main__":
    serve(setup, sys.argv[1:])
