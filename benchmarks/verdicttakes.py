"""Clean takes for ``benchmarks.verdicts``: sentences of real books, spoken by many voices.

The sentences are the segments of the book's script, as spoken (numbers written out). A voice
is an espeak preset with parameters, or a preset of the tone engine, and brings its takes of
the language's calibration sentences. A voice of another size is espeak's, played faster or
slower: its formants and its pitch are those of a throat that espeak does not have.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import soxr

from audio.pcm import Pcm
from book.languages import load_language
from book.project import Book, Project
from book.project import Voice as ProjectVoice
from book.readers import read_manuscript
from book.scripting import write_script
from book.segments import Limit
from book.spoken.lexicon import Lexicon
from tts.engine import Engine, Request, Speech, Voice
from tts.espeak import EspeakEngine
from tts.tone import ToneEngine

LIMIT = 400  # characters of a segment: the tone engine's, and 27 s of English
_LETTERS_AT_LEAST = 2  # a text without words is nobody's sentence


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice of the benchmark."""

    engine: str
    preset: str
    language: str
    speed: int | None = None  # words a minute; None: the engine's own
    manner: tuple[tuple[str, int], ...] = ()  # more parameters: pitch, range, gap
    size: float = 1.0  # how much faster it is played than espeak spoke it

    @property
    def name(self) -> str:
        name = self.preset if self.speed is None else f"{self.preset} at {self.speed}"
        manner = "".join(f", {key} {value}" for key, value in self.manner)
        return name + manner + ("" if self.size == 1.0 else f", size {self.size:.2f}")


@dataclass(frozen=True, slots=True)
class CleanTake:
    """One sentence, spoken as it should be."""

    speaker: Speaker
    text: str
    pcm: Pcm
    rate: int
    words: tuple[tuple[int, int, int], ...]  # (start, end) in the text, frame


def espeak(language: str, *names: str) -> tuple[Speaker, ...]:
    """Speakers from names such as ``en-us+f2`` and ``en-us+f2@150``."""
    split = (name.partition("@") for name in names)
    return tuple(
        Speaker("espeak", preset, language, int(speed) if speed else None)
        for preset, _, speed in split
    )


@cache
def sentences(book: Path, language: str) -> tuple[str, ...]:
    """The different spoken texts of a book, in order."""
    manuscript = read_manuscript([book], names=[book.name], language=language)
    project = Project(
        folder=Path(),
        slug="book",
        book=Book(
            version=1,
            title="Untitled",
            author="Unknown",
            language=manuscript.language,
            manuscript="book",
            narrator="narrator",
            voices={"narrator": ProjectVoice(preset="any")},
        ),
        manuscripts=(),
        references={},
        lexicons=(),
    )
    script = write_script(
        manuscript,
        project,
        limits=[Limit(lambda text, language: len(text), LIMIT)],
        normalises=lambda speaker: False,
        engine_of=lambda speaker: "none",
        lexicon=Lexicon(()),
    )
    spoken = (segment.spoken for chapter in script.chapters for segment in chapter.segments)
    fit = (text for text in spoken if sum(map(str.isalpha, text)) >= _LETTERS_AT_LEAST)
    return tuple(dict.fromkeys(fit))


def choose(book: Path, speaker: Speaker, count: int) -> list[str]:
    """Sentences for a speaker: others for each, the same in every run."""
    pool = sentences(book, speaker.language)
    rng = random.Random(f"{book.name} {speaker.name}")
    return rng.sample(pool, min(count, len(pool)))


def calibration(language: str) -> tuple[str, ...]:
    """The sentences that every voice speaks first."""
    return load_language(language).calibration


class Studio:
    """Speaks sentences; the engines are started once."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {}

    def speak(self, speaker: Speaker, texts: Iterable[str]) -> list[CleanTake]:
        """The takes of ``texts``; a text an engine refuses is left out."""
        engine = self._engine(speaker.engine)
        parameters = dict(speaker.manner)
        if speaker.speed is not None:
            parameters["speed"] = round(speaker.speed / speaker.size)
        engine.prepare(Voice(speaker.name, preset=speaker.preset, parameters=parameters))
        wanted = list(texts)
        requests = [
            Request(str(number), text, speaker.language, speaker.name, seed=number)
            for number, text in enumerate(wanted)
        ]
        answers = dict(engine.synthesize(requests)) if requests else {}
        takes = []
        for number, text in enumerate(wanted):
            speech = answers[str(number)]
            if isinstance(speech, Speech) and len(speech.pcm):
                words = tuple((word.start, word.end, word.frame) for word in speech.words)
                take = CleanTake(speaker, text, speech.pcm, speech.rate, words)
                takes.append(take if speaker.size == 1.0 else _resized(take, speaker.size))
        return takes

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            engine: Engine = EspeakEngine({"workers": 1}) if name == "espeak" else ToneEngine()
            engine.load()
            self._engines[name] = engine
        return self._engines[name]

    def close(self) -> None:
        """Ends the engines' processes."""
        for engine in self._engines.values():
            engine.unload()
        self._engines.clear()

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _resized(take: CleanTake, size: float) -> CleanTake:
    sound = take.pcm.astype(np.float64)
    played = soxr.resample(sound, round(take.rate * size), take.rate, quality="HQ")
    pcm = np.clip(np.rint(played), -32768, 32767).astype(np.int16)
    words = tuple((start, end, round(frame / size)) for start, end, frame in take.words)
    return replace(take, pcm=pcm, words=words)


TUNING: Sequence[Speaker] = (
    *espeak("en", "en-us", "en-us+f2", "en-us+Mike", "en-us+Annie@150", "en-gb-x-rp", "en-us+f4"),
    *espeak("zh", "cmn", "cmn+f2", "cmn+Mike@150"),
    *espeak("en", "en-us+m1", "en-us+Andrea", "en-us+f5", "en-us+Denis", "en-us+klatt2"),
    *espeak("en", "en-gb+m7@190", "en-us+Gene", "en-us+steph"),
    *espeak("zh", "cmn+m1", "cmn+f3", "cmn+Andrea@190", "cmn+klatt"),
    *espeak("en", "en-us+ed", "en-us+Alicia", "en-us+m4@200", "en-gb-scotland"),
    *espeak("en", "en-gb-x-rp+m3", "en-us+linda@140", "en-us+Michael", "en-us+pablo"),
    *espeak("zh", "cmn+Annie", "cmn+ed@200", "cmn+f4", "cmn+m4"),
)
REPORTED: Sequence[Speaker] = (
    *espeak("en", "en-us+caleb", "en-gb+edward2@190", "en-us+pedro@205", "en-gb+paul"),
    *espeak("en", "en-gb-x-gbclan+Marco@150", "en-us+anikaRobot@190", "en-gb+whisperf@190"),
    *espeak("en", "en-gb-x-rp+robosoft2@150", "en-us+mike2@205"),
    *espeak("zh", "cmn+zac@165", "cmn+robosoft6", "cmn+Nguyen@150", "cmn+boris@150"),
    *espeak("zh", "cmn+marcelo@205"),
)
