"""Which voices there are, by the names that clients use.

Voices of the library (``DATA/library``) first, uploaded or put there by hand; then the presets
of the engine at hand by their own names (``ENGINE/PRESET`` names one of another engine); then
OpenAI's voice names, which stand for presets. No name at all is the library's ``narrator``, or
what fits the language.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from book.project import Voice as WrittenVoice
from castbook.errors import InputError, MissingDependency, VoiceError
from tasks.shelf.aliases import aliases, preset_of, speaking
from tasks.shelf.cards import Card, read_cards
from tasks.shelf.consents import Consents
from tasks.shelf.library import Library
from tasks.shelf.visitors import Visitors
from tts.engine import Preset
from tts.registry import engine_names, make_engine

DEFAULT_ENGINE = "espeak"
_MOST_ENGINES: Final = 64  # whose presets are remembered, counting each form of the library


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
    consented: bool = True  # its consent holds; a preset needs none
    description: str = ""
    styles: tuple[str, ...] = ()  # the first is the default
    owner: str = ""  # the principal whose voice it is; "" everybody's
    shared: bool = False  # with every principal
    basis: str = ""  # of its consent
    record: str = ""  # of its consent: a path in the library
    preset: str = ""  # "" for a voice of the library


class Catalogue:
    """The voices of a library and of the engines.

    Args:
        engine: speaks where a voice names none; "" is the library's.
    """

    def __init__(
        self, library: Library, visitors: Visitors, consents: Consents, engine: str
    ) -> None:
        self._library = library
        self._consents = consents
        self._visitors = visitors
        self._engine = engine
        self._listed: tuple[tuple[int, ...], Mapping[str, ShelfVoice]] | None = None
        self._brought: dict[tuple[tuple[int, ...], str], tuple[Preset, ...]] = {}

    @property
    def engine(self) -> str:
        """The engine of voices that name none."""
        return self._engine or self._library.read().engine or DEFAULT_ENGINE

    def options(self, engine: str) -> dict[str, Any]:
        """What the library says of an engine, as its light half takes it."""
        options = dict(self._library.read().engines.get(engine, {}))
        options.pop("host", None)
        return options

    def missing(self, engine: str) -> str | None:
        """What an engine, as the library has it, lacks before it can speak here.

        Raises:
            ProjectError: there is none of that name, or the library's options are not its own.
        """
        return make_engine(engine, self.options(engine)).missing()

    def voices(self, owner: str | None = None) -> tuple[ShelfVoice, ...]:
        """All that a principal may use (None: all there are), uploaded ones first.

        Raises:
            StorageError: the library cannot be read.
        """
        seen = [voice for voice in self._own().values() if _seen(voice, owner)]
        own = [replace(v, consented=v.consented and self._consents.hold(v.record)) for v in seen]
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
        visitor = self._visitors.get(name)
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
        name = self._library.read().narrator
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
        contents = self._library.read()
        if self._listed is None or self._listed[0] != contents.signature:
            cards = read_cards(self._library.folder)
            listed = {
                key: self._shelved(key, voice, cards.get(key))
                for key, voice in contents.voices.items()
            }
            self._listed = contents.signature, MappingProxyType(listed)
        return self._listed[1]

    def _shelved(self, key: str, voice: WrittenVoice, card: Card | None) -> ShelfVoice:
        engine = voice.engine or self.engine
        preset = self._listed_preset(engine, voice.preset) if voice.preset else None
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
            record=(voice.consent.record or "") if voice.consent else "",
        )

    def _languages(self, engine: str) -> tuple[str, ...]:
        try:
            return make_engine(engine, self.options(engine)).capabilities.languages
        except (InputError, MissingDependency):  # asking for its speech will say so
            return ("*",)

    def _listed_preset(self, engine: str, name: str) -> ShelfVoice | None:
        """A preset of a voice in the library; None as well where its engine is not there: one
        voice that cannot speak hides no other."""
        try:
            return self._preset(engine, name)
        except (InputError, MissingDependency):
            return None

    def _presets(self, engine: str) -> Mapping[str, ShelfVoice]:
        return {p.name: _brought_along(p, engine) for p in self._engine_presets(engine)}

    def _engine_presets(self, engine: str) -> tuple[Preset, ...]:
        key = self._library.read().signature, engine
        known = self._brought.get(key)
        if known is None:
            known = tuple(make_engine(engine, self.options(engine)).presets())
            if len(self._brought) >= _MOST_ENGINES:
                self._brought.clear()  # of files that were since replaced
            self._brought[key] = known
        return known

    def _preset(self, engine: str, name: str) -> ShelfVoice | None:
        for preset in self._engine_presets(engine):
            if preset.name == name:
                return _brought_along(preset, engine)
        return None

    def _unknown(self, name: str, engine: str, own: list[ShelfVoice]) -> VoiceError:
        why = self._library.read().broken.get(name)
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


def _seen(voice: ShelfVoice, owner: str | None) -> bool:
    return owner is None or voice.shared or voice.owner in ("", owner)


def _same(known: str, language: str) -> bool:
    return known.lower().partition("-")[0] == language.lower().partition("-")[0]
