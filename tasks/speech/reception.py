"""Where wishes become readings: everything that can be refused is refused here."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from book.drafts import Voicing
from book.segments import Limit
from book.singletext import TextPiece, cut_text
from castbook.errors import InputError, MissingDependency
from tasks.keys import preset_digest
from tasks.shelf.shelf import Shelf
from tasks.speech.languages import language_of
from tasks.speech.pace import check_speed, paced
from tasks.speech.presets import Preset, engine_options, preset_of
from tasks.speech.readings import Reading
from tasks.speech.wishes import LEAST_RATE, MOST_RATE, SpeechWish
from tasks.speech.words import Words
from tasks.voices import EngineSetup
from tts.engine import Engine, Voice
from tts.registry import make_engine

SEED = 42  # of a wish that names none
_KEPT = 64  # engines' light halves
_INSTRUCTED = ("openai",)  # engines whose voices take ``instructions``


class Reception:
    """Reads wishes for one shelf. Any number of threads may ask at once.

    Args:
        max_chars: of a piece, as printed and as spoken.
    """

    def __init__(self, shelf: Shelf, max_chars: int) -> None:
        self._shelf = shelf
        self._max_chars = max_chars
        self._words = Words(shelf)
        self._lock = threading.Lock()
        self._engines: OrderedDict[str, tuple[Engine, str, str]] = OrderedDict()

    def read(self, wish: SpeechWish) -> Reading:
        """See ``Studio.read``."""
        if not wish.text.strip():
            raise InputError("there is nothing to say", place="input", expected="a text")
        check_speed(wish.speed)
        preset = preset_of(wish.preset)
        rate = wish.rate or (preset.rate if preset else None)
        if rate is not None and not LEAST_RATE <= rate <= MOST_RATE:
            raise InputError(
                f"cannot be {rate}", place="rate", expected=f"{LEAST_RATE} to {MOST_RATE} Hz"
            )
        voice = self._shelf.find(wish.voice, wish.language, engine=wish.engine)
        language = wish.language or language_of(wish.text, voice.languages)
        name = wish.engine or self._shelf.find(wish.voice, language, engine=wish.engine).engine
        options, notes = engine_options(name, preset, wish.options, rate)
        speaker = self._shelf.speaker(replace(wish, options=options), language)
        engine, fingerprint, sampling = self._engine(speaker.setup)
        spoken_by, stretch = paced(engine, speaker.voice, language, wish.speed)
        spoken_by, more = _instructed(engine, spoken_by, wish.instructions)
        pieces = self._cut(wish.text, engine, language)
        if stretch == 1.0 != wish.speed:  # the engine's own pace: its pauses go with it
            pieces = tuple(replace(p, pause_ms=round(p.pause_ms / wish.speed)) for p in pieces)
        return Reading(
            wish=wish,
            speaker=replace(speaker, voice=spoken_by),
            language=language,
            pieces=pieces,
            rate=rate or engine.capabilities.rate,
            seed=_seed(wish, preset),
            engine_rate=engine.capabilities.rate,
            stretch=stretch,
            fingerprint=fingerprint,
            sampling=sampling,
            attempts=2 if engine.capabilities.seeds else 1,
            notes=(*notes, *more),
        )

    def _cut(self, text: str, engine: Engine, language: str) -> tuple[TextPiece, ...]:
        able = engine.capabilities
        voicing = Voicing(
            language,
            (None,),
            lambda _: able.normalises,
            lambda _: engine.name,
            self._words.lexicon(engine.name, able.phonemes),
            (Limit(engine.measure, able.limit),),
        )
        return cut_text(text, voicing, self._max_chars)

    def _engine(self, setup: EngineSetup) -> tuple[Engine, str, str]:
        """Light half, fingerprint, sampling fingerprint of an engine that can run here.

        Raises:
            MissingDependency: it cannot.
        """
        with self._lock:
            known = self._engines.get(setup.identity)
            if known is not None:
                self._engines.move_to_end(setup.identity)
                return known
        options = {key: value for key, value in setup.options.items() if key != "host"}
        engine = make_engine(setup.name, options)
        missing = engine.missing()
        if missing is not None:
            raise MissingDependency(missing)
        known = engine, engine.fingerprint(), engine.sampling_fingerprint()
        with self._lock:
            self._engines[setup.identity] = known
            while len(self._engines) > _KEPT:
                self._engines.popitem(last=False)
        return known


def _seed(wish: SpeechWish, preset: Preset | None) -> int:
    """A preset decides where the text has the ordinary seed; None is a new one each time."""
    seed = wish.seed
    if preset is not None and seed == SEED:
        seed = preset.seed
    return secrets.randbits(31) if seed is None else seed


def _instructed(engine: Engine, voice: Voice, instructions: str) -> tuple[Voice, tuple[str, ...]]:
    """The voice that is told how to speak, where the engine listens to that."""
    if not instructions.strip():
        return voice, ()
    if engine.name not in _INSTRUCTED or voice.preset is None:
        return voice, (f"engine {engine.name} does not listen to instructions: ignored",)
    parameters: Mapping[str, object] = {**voice.parameters, "instructions": instructions}
    sound = preset_digest(voice.preset, parameters)
    return replace(voice, parameters=parameters, digest=sound), ()
