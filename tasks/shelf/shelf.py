"""The shelf: the voices of a service, ready to be asked for speech.

Names are found by ``tasks/shelf/catalogue.py``. Everything is read again when its file changes;
a voice that was asked for before costs microseconds.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from castbook.canonical import digest, plain
from castbook.errors import ConsentError, InputError, VoiceError
from tasks.shelf.catalogue import DEFAULT_ENGINE, Catalogue, ShelfVoice
from tasks.shelf.consents import Consents
from tasks.shelf.library import Library
from tasks.shelf.speakers import make_speaker
from tasks.shelf.visitors import Visitors
from tasks.speech.wishes import SpeechWish
from tasks.voices import Speaker
from tts.registry import engine_names, make_engine

_CLONING: Final = ("glm",)  # engines of ours that clone without a server's help
_REMEMBERED: Final = 64  # speakers; one holds a clip of 3 MB at the most
# What decides where an engine runs, what it reads and whom it calls is the operator's, not a
# client's: ``host`` names a program to run, ``base_url`` a server to call.
_OPERATORS: Final = (
    "host", "base_url", "api_key_env", "extra", "voices", "checkpoint", "device", "workers",
    "slots", "rows", "concurrency",
)  # fmt: skip


class Shelf:
    """The voices of ``folder``, a castbook library, and of the engines.

    Args:
        engine: speaks where a voice names none; "" is the library's.
        today: the day on which consents must hold.
    """

    def __init__(
        self, folder: Path, engine: str = "", *, today: Callable[[], dt.date] = dt.date.today
    ) -> None:
        self.folder = folder
        self.library = Library(folder, engine or DEFAULT_ENGINE)
        self.consents = Consents(folder, today)
        self.visitors = Visitors(folder)
        self._catalogue = Catalogue(self.library, self.visitors, self.consents, engine)
        self._speakers: OrderedDict[str, Speaker] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def engine(self) -> str:
        """The engine of voices that name none."""
        return self._catalogue.engine

    def missing(self, engine: str = "") -> str | None:
        """What an engine ("": the shelf's) lacks before it can speak here, and how to get it.

        Raises:
            ProjectError: there is none of that name, or the library's options are not its own.
            StorageError: the library cannot be read or made.
        """
        return self._catalogue.missing(engine or self.engine)

    @property
    def lexicons(self) -> tuple[Path, ...]:
        """The library's lexicons, the last one wins."""
        return self.library.read().lexicons

    def voices(self, owner: str | None = None) -> tuple[ShelfVoice, ...]:
        """All that a principal may use (None: all there are), uploaded ones first.

        Raises:
            StorageError: the library cannot be read.
        """
        return self._catalogue.voices(owner)

    def find(
        self, name: str, language: str = "", owner: str | None = None, engine: str = ""
    ) -> ShelfVoice:
        """A voice by id, name or alias; "" is the one for the language.

        Args:
            language: of the text; "" is English.
            owner: whose voices are meant; None: everybody's.
            engine: whose presets are meant; "" is the shelf's.

        Raises:
            VoiceError: there is none, with the nearest match; several bear the name.
        """
        return self._catalogue.find(name, language, owner, engine)

    def speaker(self, wish: SpeechWish, language: str) -> Speaker:
        """The wish's voice, ready to be asked for speech.

        Raises:
            VoiceError: it cannot be used: unknown, of another language, without that style.
            ConsentError: its owner does not, or no longer, allow its use.
            InputError: an option that the engine does not take, or that is not a client's.
        """
        contents = self.library.read()
        voice = self.find(wish.voice, language, engine=wish.engine)
        engine = wish.engine or voice.engine
        self.check_consent(voice)
        options = {**contents.engines.get(engine, {}), **_clients_own(engine, wish.options)}
        visitor = self.visitors.get(voice.id)
        if visitor is not None:
            return visitor.speaker(engine, options, language)
        key = digest(
            [contents.signature, voice.id, voice.preset, engine, wish.style, language,
             plain(options)]
        )  # fmt: skip
        with self._lock:
            known = self._speakers.get(key)
            if known is not None:
                self._speakers.move_to_end(key)
                return known
        written = None if voice.preset else contents.voices.get(voice.id)
        made = make_speaker(
            self.library, written, voice, engine, options, style=wish.style, language=language
        )
        with self._lock:
            self._speakers[key] = made
            while len(self._speakers) > _REMEMBERED:
                self._speakers.popitem(last=False)
        return made

    def visiting(
        self, clip: bytes, transcript: str, consent: Mapping[str, str], *,
        engine: str = "", language: str = "",
    ) -> ShelfVoice:  # fmt: skip
        """A voice for this process and for now: ``SpeechWish(voice=….id)`` speaks with it.

        Args:
            clip: the bytes of an audio file.
            transcript: every word spoken in it; "" for an engine that needs none.
            consent: ``basis`` and ``holder``, as declared by whoever asks.
            engine: that will clone; "" is what the library has for that.

        Raises:
            VoiceError: the clip or its words cannot be used; no engine clones here.
            ConsentError: nobody says on what ground the voice may be used.
        """
        cloning = self.cloning_engine(engine)
        options = self._catalogue.options(cloning)
        return self.find(self.visitors.add(clip, transcript, consent, cloning, options, language))

    def cloning_engine(self, engine: str = "") -> str:
        """The engine for voices of people: the one asked for, else the shelf's own if it
        clones, else one that the library has options for, else one of ours.

        Raises:
            VoiceError: it does not clone, or there is none of that name.
            ProjectError: the library's options are not its own.
        """
        if engine and engine not in engine_names():
            raise VoiceError(
                f"there is no engine called {engine[:40]!r}", place="engine",
                expected="one of " + ", ".join(engine_names()),
            )  # fmt: skip
        known = self.library.read().engines
        tried = [engine] if engine else [self.engine, *known, *_CLONING]
        for name in tried:
            if make_engine(name, self._catalogue.options(name)).capabilities.cloning:
                return name
        raise VoiceError(
            f"engine {tried[0]} does not clone voices", place="engine",
            expected="one that does, such as glm",
        )  # fmt: skip

    def check_consent(self, voice: ShelfVoice) -> None:
        """Refuses a voice whose owner does not, or no longer, allow its use.

        Raises:
            ConsentError: with the reason.
        """
        if not voice.consented and not voice.record:
            raise ConsentError(
                f"voice {voice.name!r} has no consent", place="voice",
                expected="consent: {basis: …} beside it in the library",
                hint="a voice is cloned with its owner's permission only",
            )  # fmt: skip
        if voice.record:
            self.consents.check(voice.record)


def _clients_own(engine: str, options: Mapping[str, object]) -> Mapping[str, object]:
    for key in options:
        if key in _OPERATORS:
            raise InputError(
                f"option {key!r} belongs to the operator", place=f"options.{key}",
                expected=f"it under engines.{engine} in the library",
            )  # fmt: skip
    return options
