"""The shelf: which voices there are, by the names that clients use, and their speakers.

Voices of the library (``DATA/library``) first, uploaded or put there by hand; then the presets
of the engine at hand by their own names (``ENGINE/PRESET`` names one of another engine); then
OpenAI's voice names, which stand for presets. No name at all is the library's ``narrator``, or
what fits the language. Everything is read again when its file changes; a voice that was asked
for before costs microseconds.
"""

from __future__ import annotations

import difflib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from book.mistakes import Mistake
from book.project import Book, Project
from book.project import Voice as WrittenVoice
from book.projectpaths import Roots
from castbook.canonical import digest, plain
from castbook.errors import ConsentError, InputError, VoiceError
from tasks.shelf.aliases import aliases, preset_of, speaking
from tasks.shelf.cards import Card, read_cards
from tasks.shelf.consents import Consents
from tasks.shelf.library import Library
from tasks.shelf.visitors import Visitors
from tasks.speech.wishes import SpeechWish
from tasks.voices import Speaker, Voices
from tts.engine import Preset
from tts.registry import engine_names, make_engine

DEFAULT_ENGINE = "espeak"
_CLONING: Final = ("glm",)  # engines of ours that clone without a server's help
_REMEMBERED: Final = 64  # speakers; one holds a clip of 3 MB at the most
# What decides where an engine runs, what it reads and whom it calls is the operator's, not a
# client's: ``host`` names a program to run, ``base_url`` a server to call.
_OPERATORS: Final = (
    "host", "base_url", "api_key_env", "extra", "voices", "checkpoint", "device", "workers",
    "slots", "rows", "concurrency",
)  # fmt: skip


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
    styles: tuple[str, ...] = ()  # the first is the default
    owner: str = ""  # the principal whose voice it is; "" everybody's
    shared: bool = False  # with every principal
    basis: str = ""  # of its consent
    preset: str = ""  # "" for a voice of the library


class Shelf:
    """The voices of ``folder``, a castbook library, and of the engines.

    Args:
        engine: speaks where a voice names none; "" is the library's.
    """

    def __init__(self, folder: Path, engine: str = "") -> None:
        self.folder = folder
        self.library = Library(folder, engine or DEFAULT_ENGINE)
        self.consents = Consents(folder)
        self.visitors = Visitors(folder)
        self._engine = engine
        self._listed: tuple[tuple[int, ...], Mapping[str, ShelfVoice]] | None = None
        self._brought: dict[tuple[tuple[int, ...], str], tuple[Preset, ...]] = {}
        self._speakers: OrderedDict[str, Speaker] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def engine(self) -> str:
        """The engine of voices that name none."""
        return self._engine or self.library.read().engine or DEFAULT_ENGINE

    @property
    def lexicons(self) -> tuple[Path, ...]:
        """The library's lexicons, the last one wins."""
        return self.library.read().lexicons

    def options(self, engine: str) -> dict[str, Any]:
        """What the library says of an engine, as its light half takes it."""
        options = dict(self.library.read().engines.get(engine, {}))
        options.pop("host", None)
        return options

    def voices(self, owner: str | None = None) -> tuple[ShelfVoice, ...]:
        """All that a principal may use (None: all there are), uploaded ones first.

        Raises:
            StorageError: the library cannot be read.
        """
        own = [voice for voice in self._own().values() if _seen(voice, owner)]
        own.sort(key=lambda voice: (-voice.created_at, voice.name, voice.id))
        return (*own, *self._presets(self.engine).values())

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
        language = language or "en"
        if not name:
            return self._default(language, engine, owner)
        engine = engine or self.engine
        own = self._own()
        if name in own and _seen(own[name], owner):
            return own[name]
        visitor = self.visitors.get(name)
        if visitor is not None:
            return ShelfVoice(name, "the clip of this request", visitor.engine, ("*",),
                              basis=visitor.consent.get("basis", ""), consented=True)  # fmt: skip
        named = [voice for voice in own.values() if voice.name == name and _seen(voice, owner)]
        mine = [voice for voice in named if voice.owner == owner]
        if len(mine or named) > 1:
            raise VoiceError(
                f"{len(named)} voices are called {name!r}", place="voice",
                expected="the id of one: " + ", ".join(voice.id for voice in named),
            )  # fmt: skip
        if named:
            return (mine or named)[0]
        wanted, slash, preset = name.partition("/")
        if slash and wanted in engine_names():
            engine, name = wanted, preset
        brought = self._preset(engine, name)
        if brought is not None:
            return brought
        alias = aliases().get(name.lower())
        if alias is not None:
            meant = preset_of(alias, engine, self._engine_presets(engine), language)
            if meant is not None:
                return replace(_brought_along(meant, engine), id=alias.name, name=alias.name)
        raise self._unknown(name, engine, [v for v in own.values() if _seen(v, owner)])

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
        made = self._speaker(voice, engine, options, wish.style, language)
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
        options = self.options(cloning)
        return self.find(self.visitors.add(clip, transcript, consent, cloning, options, language))

    def cloning_engine(self, engine: str = "") -> str:
        """The engine for voices of people: the one asked for, else the shelf's own if it
        clones, else one that the library has options for, else one of ours.

        Raises:
            VoiceError: it does not clone.
            ProjectError: there is none of that name.
        """
        known = self.library.read().engines
        tried = [engine] if engine else [self.engine, *known, *_CLONING]
        for name in tried:
            if make_engine(name, self.options(name)).capabilities.cloning:
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
        written = self.library.read().voices.get(voice.id)
        if written is None or written.preset is not None or voice.preset:
            return
        if written.consent is None:
            raise ConsentError(
                f"voice {voice.name!r} has no consent", place="voice",
                expected="consent: {basis: …} beside it in the library",
                hint="a voice is cloned with its owner's permission only",
            )  # fmt: skip
        if written.consent.record:
            self.consents.check(written.consent.record)

    def _speaker(
        self, voice: ShelfVoice, engine: str, options: Mapping[str, Any], style: str, language: str
    ) -> Speaker:
        written = self.library.read().voices.get(voice.id)
        if written is None or voice.preset:
            written = WrittenVoice(preset=voice.preset)
        key = voice.id if written.preset is None else "voice"
        entry = written.model_dump(exclude_unset=True) | {"engine": engine}
        book = Book.model_validate(
            {
                "version": 1,
                "title": "speech",
                "author": "speech",
                "language": language,
                "manuscript": "speech.txt",
                "engine": engine,
                "engines": {engine: dict(options)},
                "narrator": key,
                "voices": {key: entry},
            }
        )
        project = Project(
            folder=self.folder,
            slug="speech",
            book=book,
            manuscripts=(),
            references=MappingProxyType(self._references(key, written)),
            lexicons=self.lexicons,
        )
        try:
            return Voices(project).speaker(key, style or None)
        except VoiceError as error:
            raise VoiceError(
                error.message, place="voice", expected=error.expected, hint=error.hint
            ) from error

    def _references(self, key: str, written: WrittenVoice) -> dict[tuple[str, str], Path]:
        """Where the clips of a voice are: in the library, and nowhere else."""
        clips = {style: clip.reference for style, clip in written.styles.items()}
        if written.reference is not None:
            clips[""] = written.reference
        found = {}
        for style, reference in clips.items():
            path = Roots(self.folder.resolve()).find(reference, ("voice",))
            if isinstance(path, Mistake):
                raise VoiceError(path.message, place="voice", expected=path.expected)
            found[key, style] = path
        return found

    def _default(self, language: str, engine: str, owner: str | None) -> ShelfVoice:
        narrator = self._narrator(language, engine, owner)
        if narrator is not None:
            return narrator
        engine = engine or self.engine
        for preset in speaking(self._engine_presets(engine), language):
            return _brought_along(preset, engine)
        for voice in self.voices(owner):
            if voice.engine == engine and voice.consented:
                return voice
        raise VoiceError(
            f"engine {engine} has no voices of its own", place="voice",
            expected="the name of an uploaded voice", hint="POST /v1/audio/voices makes one",
        )  # fmt: skip

    def _narrator(self, language: str, engine: str, owner: str | None) -> ShelfVoice | None:
        """The library's own voice, unless it speaks another language or engine."""
        name = self.library.read().narrator
        if not name:
            return None
        try:
            voice = self.find(name, language, owner)
        except VoiceError as error:
            raise VoiceError(
                f"the library's narrator {name!r} is no voice", place="voice",
                expected="the name of one", hint="mend narrator: in library.yaml",
            ) from error  # fmt: skip
        speaks = any(known == "*" or _same(known, language) for known in voice.languages)
        return voice if speaks and engine in ("", voice.engine) else None

    def _own(self) -> Mapping[str, ShelfVoice]:
        """The library's voices, by id."""
        contents = self.library.read()
        if self._listed is None or self._listed[0] != contents.signature:
            cards = read_cards(self.folder)
            listed = {
                key: self._shelved(key, voice, cards.get(key))
                for key, voice in contents.voices.items()
            }
            self._listed = contents.signature, MappingProxyType(listed)
        return self._listed[1]

    def _shelved(self, key: str, voice: WrittenVoice, card: Card | None) -> ShelfVoice:
        engine = voice.engine or self.engine
        preset = self._preset(engine, voice.preset) if voice.preset else None
        if preset is not None:
            return replace(preset, id=key, name=key, preset="")
        return ShelfVoice(
            id=key,
            name=card.name if card else key,
            engine=engine,
            languages=self._languages(engine),
            uploaded=card is not None,
            created_at=card.created_at if card else 0,
            consented=voice.preset is not None or voice.consent is not None,
            description=card.description if card else "",
            styles=tuple(voice.styles),
            owner=card.owner if card else "",
            shared=card.shared if card else False,
            basis=voice.consent.basis if voice.consent else "",
        )

    def _languages(self, engine: str) -> tuple[str, ...]:
        try:
            return make_engine(engine, self.options(engine)).capabilities.languages
        except InputError:  # an engine that is not there: asking for its speech will say so
            return ("*",)

    def _presets(self, engine: str) -> Mapping[str, ShelfVoice]:
        return {p.name: _brought_along(p, engine) for p in self._engine_presets(engine)}

    def _engine_presets(self, engine: str) -> tuple[Preset, ...]:
        key = self.library.read().signature, engine
        known = self._brought.get(key)
        if known is None:
            known = tuple(make_engine(engine, self.options(engine)).presets())
            if len(self._brought) >= _REMEMBERED:
                self._brought.clear()  # of files that were since replaced
            self._brought[key] = known
        return known

    def _preset(self, engine: str, name: str) -> ShelfVoice | None:
        for preset in self._engine_presets(engine):
            if preset.name == name:
                return _brought_along(preset, engine)
        return None

    def _unknown(self, name: str, engine: str, own: list[ShelfVoice]) -> VoiceError:
        why = self.library.read().broken.get(name)
        if why is not None:
            return VoiceError(f"voice {name!r} of the library cannot be used: {why}", place="voice")
        known = [*(v.name for v in own), *(v.id for v in own), *self._presets(engine), *aliases()]
        near = difflib.get_close_matches(name[:80], known, n=1)
        return VoiceError(
            f"there is no voice {name[:80]!r}",
            place="voice",
            expected="a name of the list of voices",
            hint=f"did you mean {near[0]}?" if near else None,
        )


def _brought_along(preset: Preset, engine: str) -> ShelfVoice:
    """A preset as a voice of the shelf."""
    return ShelfVoice(
        preset.name, preset.name, engine, preset.languages, preset.gender,
        description=preset.description, preset=preset.name,
    )  # fmt: skip


def _clients_own(engine: str, options: Mapping[str, object]) -> Mapping[str, object]:
    for key in options:
        if key in _OPERATORS:
            raise InputError(
                f"option {key!r} belongs to the operator", place=f"options.{key}",
                expected=f"it under engines.{engine} in the library",
            )  # fmt: skip
    return options


def _seen(voice: ShelfVoice, owner: str | None) -> bool:
    return owner is None or voice.shared or voice.owner in ("", owner)


def _same(known: str, language: str) -> bool:
    return known.lower().partition("-")[0] == language.lower().partition("-")[0]
