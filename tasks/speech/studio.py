"""The studio: speaks single texts at once, with engines that stay loaded.

The way of the speech API and the bench; jobs speak the same readings through the take store
(``tasks/speech/jobs.py``), so that both sound the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from book.sentences import split_sentences
from castbook.canonical import digest
from castbook.errors import InputError, MissingDependency, PermanentFailure, TransientFailure
from tasks.engines import EnginePool
from tasks.keys import seed_of
from tasks.shelf.shelf import Shelf
from tasks.speech.wishes import SpeechWish
from tasks.voices import Speaker
from tts.engine import Failure, Pcm, Request
from tts.registry import make_engine


@dataclass(frozen=True, slots=True)
class Reading:
    """A wish that was checked: all that can be refused has been."""

    wish: SpeechWish
    speaker: Speaker
    language: str
    pieces: tuple[str, ...]  # spoken texts, each within the engine's limit
    rate: int  # Hz of what ``Studio.stream`` gives
    seed: int


class Studio:
    """Engines of this process for single texts. Any number of threads may ask at once.

    Args:
        slots: syntheses at once; further ones wait.
    """

    def __init__(self, shelf: Shelf, *, slots: int = 1) -> None:
        self.shelf = shelf
        self.slots = slots
        self._pool = EnginePool()

    def read(self, wish: SpeechWish) -> Reading:
        """Checks a wish and cuts its text.

        Raises:
            InputError: nothing to speak, an unknown voice, an option the engine does not take.
        """
        if not wish.text.strip():
            raise InputError("there is nothing to say", place="input", expected="a text")
        language = wish.language or "en"
        speaker = self.shelf.speaker(wish, language)
        pieces = tuple(wish.text[a:b] for a, b in split_sentences(wish.text, language))
        seed = secrets.randbits(31) if wish.seed is None else wish.seed
        rate = make_engine(speaker.setup.name, dict(wish.options)).capabilities.rate
        return Reading(wish, speaker, language, pieces, rate, seed)

    def stream(self, reading: Reading) -> Iterator[Pcm]:
        """The sound of a reading, chunk after chunk, int16 mono at ``reading.rate``.

        Closing the iterator stops the synthesis within a chunk.

        Raises:
            TransientFailure, PermanentFailure, MissingDependency: the engine's word.
        """
        voice = reading.speaker.voice
        host = self._pool.host(reading.speaker.setup)
        for number, text in enumerate(reading.pieces):
            key = digest({"text": text, "voice": voice.digest, "seed": reading.seed})
            request = Request(
                f"{key}#{number}#{secrets.token_hex(4)}",
                text,
                reading.language,
                voice.digest,
                seed_of(key),
            )
            for _, result in host.synthesize({voice.digest: voice}, [request]):
                if isinstance(result, Failure):
                    raise _error(result)
                yield result.pcm

    def unload(self) -> None:
        """Frees the engines' memory; the next text loads them again."""
        self._pool.close()

    def close(self) -> None:
        """Ends the engines."""
        self._pool.close()


def _error(failure: Failure) -> Exception:
    if failure.kind == "transient":
        return TransientFailure(failure.reason)
    if failure.kind == "dead":
        return MissingDependency(failure.reason)
    return PermanentFailure(failure.reason)
