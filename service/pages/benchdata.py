"""What the bench shows: voices, engines, presets, and the settings that it begins with.

The settings are those of the speech API, so that the page says what a client that sends nothing
gets; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from castbook.errors import CastbookError
from service.desk import Desk
from service.pages.rendering import render
from service.pages.tongues import TONGUES, tongue
from service.pages.words import Words
from service.speech.bodies import SpeechBody
from service.speech.dialects import Format
from service.speech.lists import model_names
from tasks.shelf.catalogue import ShelfVoice
from tasks.speech.presets import SAMPLERS, UNSTEADY_RATE, Preset, presets
from tts.registry import engine_names, make_engine

RATES = (16000, 24000, 32000, 48000)  # Hz; 24000 general, 32000 hi-fi
FORMATS: tuple[str, ...] = get_args(Format)
FIRST = "debug"  # the preset whose rate, sampler and cache the page begins with
NAME = "tts_{date}_{time}.wav"  # of a file: tts_20261121_213343.wav
ADVISED = 512  # tokens: a bound that lowers the memory of an engine that draws them


@dataclass(frozen=True, slots=True)
class Defaults:
    """What every control stands at."""

    rate: int
    seed: int | None
    kv_cache: bool
    sampler: str
    speed: float
    response_format: str
    stream: bool
    preset: str = ""
    language: str = ""  # found from the text
    model: str = ""  # the voice's own engine
    voice: str = ""  # the one for the language


@dataclass(frozen=True, slots=True)
class VoiceGroup:
    """Voices under one heading."""

    name: str  # of the language in its own words; "" for voices of people
    voices: tuple[ShelfVoice, ...]


@dataclass(frozen=True, slots=True)
class BenchView:
    """All that the page says."""

    defaults: Defaults
    groups: tuple[VoiceGroup, ...]
    engines: tuple[str, ...]
    presets: tuple[Preset, ...]
    cloning: str  # the engine that would clone an uploaded clip
    no_cloning: str  # why none does


def defaults() -> Defaults:
    """Those of the founding forms, which are the API's."""
    fields = SpeechBody.model_fields
    first = presets()[FIRST]
    return Defaults(
        rate=first.rate or RATES[1],
        seed=fields["seed"].default,
        kv_cache=bool(first.options["kv_cache"]),
        sampler=str(first.options["sampler"]),
        speed=fields["speed"].default,
        response_format=fields["response_format"].default,
        stream=fields["stream"].default,
    )


def bench_view(desk: Desk, owner: str) -> BenchView:
    """The page's data for whoever owns ``owner``'s voices; reads the library."""
    known = engine_names()
    cloning, why = cloning_engine(desk)
    return BenchView(
        defaults(),
        voice_groups(desk.shelf.voices(owner)),
        tuple(name for name in model_names(desk.shelf) if name in known),
        tuple(presets().values()),
        cloning,
        why,
    )


def cloning_engine(desk: Desk) -> tuple[str, str]:
    """The engine that clones here, and why none can; one of the two is empty."""
    try:
        name = desk.shelf.cloning_engine()
        options = dict(desk.shelf.library.read().engines.get(name, {}))
        options.pop("host", None)
        missing = make_engine(name, options).missing()
    except CastbookError as error:
        return "", str(error)
    return (name, "") if missing is None else ("", missing)


def voice_groups(voices: Iterable[ShelfVoice]) -> tuple[VoiceGroup, ...]:
    """Voices of people first, then presets by language, in the order of ``TONGUES``. Pure."""
    own, tongues = [], dict[str, list[ShelfVoice]]()
    for voice in voices:
        if not voice.preset:
            own.append(voice)
            continue
        tongues.setdefault(tongue(voice.languages), []).append(voice)
    order = list(TONGUES.values())
    names = sorted(tongues, key=lambda name: (order.index(name) if name in order else 99, name))
    groups = [VoiceGroup(name, tuple(tongues[name])) for name in names]
    return (VoiceGroup("", tuple(own)), *groups) if own else tuple(groups)


def bench_html(words: Words, view: BenchView) -> str:
    """The page. Pure."""
    return render("bench.html", words, tab="bench", view=view, **choices())


def choices() -> dict[str, Any]:
    """What settings can be chosen from, for templates."""
    tongues: Sequence[tuple[str, str]] = tuple(TONGUES.items())
    return {
        "rates": RATES,
        "formats": FORMATS,
        "samplers": SAMPLERS,
        "tongues": tongues,
        "unsteady": UNSTEADY_RATE,
        "name_template": NAME,
        "advised": ADVISED,
    }
