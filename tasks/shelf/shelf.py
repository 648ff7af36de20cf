"""The shelf: which voices there are, by the names that clients use.

Presets of the engines by their own names, OpenAI's voice names as aliases of them, and the
voices of the library (``DATA/library``) that people uploaded.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from book.project import Book, Project
from castbook.errors import VoiceError
from tasks.speech.wishes import SpeechWish
from tasks.voices import Speaker, Voices
from tts.registry import make_engine

DEFAULT_ENGINE = "espeak"


@dataclass(frozen=True, slots=True)
class ShelfVoice:
    """A voice that can be asked for."""

    id: str  # the key of ``voices`` in the library, or the preset's name
    name: str  # for people
    engine: str
    languages: tuple[str, ...]
    gender: str = "x"
    uploaded: bool = False
    created_at: int = 0  # Unix seconds; 0 for presets
    consented: bool = True  # a preset needs none
    description: str = ""


class Shelf:
    """The voices of ``folder``, a castbook library, and of the default engine."""

    def __init__(self, folder: Path, engine: str = "") -> None:
        self.folder = folder
        self.engine = engine or DEFAULT_ENGINE

    def voices(self) -> tuple[ShelfVoice, ...]:
        """All of them, uploaded ones first."""
        return tuple(
            ShelfVoice(
                p.name, p.name, self.engine, p.languages, p.gender, description=p.description
            )
            for p in make_engine(self.engine).presets()
        )

    def find(self, name: str) -> ShelfVoice:
        """A voice by id, name or alias; "" is the first.

        Raises:
            VoiceError: there is none; with the nearest match.
        """
        known = {voice.id: voice for voice in self.voices()}
        if not name:
            return next(iter(known.values()))
        if name in known:
            return known[name]
        near = difflib.get_close_matches(name, known, n=1)
        raise VoiceError(
            f"there is no voice {name!r}",
            place="voice",
            expected="a name of the list of voices",
            hint=f"did you mean {near[0]}?" if near else None,
        )

    def speaker(self, wish: SpeechWish, language: str) -> Speaker:
        """The wish's voice, ready to be asked for speech.

        Raises:
            VoiceError: it cannot be used: unknown, without consent, of another language.
        """
        voice = self.find(wish.voice)
        engine = wish.engine or voice.engine
        book = Book.model_validate(
            {
                "version": 1,
                "title": "speech",
                "author": "speech",
                "language": language,
                "manuscript": "speech.txt",
                "engine": engine,
                "engines": {engine: dict(wish.options)},
                "narrator": "voice",
                "voices": {"voice": {"preset": voice.id}},
            }
        )
        project = Project(
            folder=self.folder,
            slug="speech",
            book=book,
            manuscripts=(),
            references=MappingProxyType({}),
            lexicons=(),
        )
        return Voices(project).speaker("voice", wish.style or None)
