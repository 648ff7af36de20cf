"""Everything a plan reads: manuscript, script, lexicon, castings, retakes.

One place where the project's files become the script, so that ``plan``, ``make`` and
``find`` cannot disagree about what the book is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from audio.profiles import load_profile
from book.anchors import Anchor, anchor_chapter, normalise, resolve
from book.casting import CASTING_FILE, read_castings
from book.labels import LABELS_FILE, read_labels
from book.languages import load_language
from book.manuscript import Manuscript
from book.project import Credits, Project
from book.readers import read_manuscript
from book.retakes import BadTake, Retake, Retakes, read_retakes
from book.script import Script, Segment
from book.scripting import write_script
from book.segments import Limit
from book.spoken.lexicon import Lexicon
from book.spoken.lexiconfile import read_lexicon
from castbook.errors import BrokenPromise
from tasks.voices import Voices
from tts.engine import Engine

RETAKES_FILE = "retakes.yaml"
CALIBRATION_CHAPTER = -1


@dataclass
class Sources:
    """A project's script and what people asked for, resolved onto its segments."""

    project: Project
    script: Script
    stored: Retakes
    orphans: tuple[str, ...] = ()
    retakes: Mapping[str, Retake] = field(default_factory=dict)  # by the segment's id
    accepted: Mapping[str, str] = field(default_factory=dict)  # segment id -> take key
    bad: Mapping[str, BadTake] = field(default_factory=dict)  # by the segment's id
    _fingerprints: dict[str, str] = field(default_factory=dict)

    def fingerprint(self, engine: Engine) -> str:
        """The engine's fingerprint, asked once."""
        if engine.name not in self._fingerprints:
            self._fingerprints[engine.name] = engine.fingerprint()
        return self._fingerprints[engine.name]

    @cached_property
    def _calibration(self) -> tuple[Segment, ...]:
        language = self.project.book.language
        sentences = load_language(language).calibration
        if not sentences:
            raise BrokenPromise(f"configs/languages has no calibration sentences for {language}")
        anchors = anchor_chapter(sentences)
        return tuple(
            Segment(
                chapter=CALIBRATION_CHAPTER,
                number=number,
                anchor=anchor,
                slices=(),
                printed=sentence,
                spoken=sentence,
                replacements=(),
                language=language,
                kind="narration",
                speaker=None,
                rule="calibration",
                confidence=1.0,
                style=None,
                pause_ms=0,
                pause_reason="sentence",
            )
            for number, (sentence, anchor) in enumerate(zip(sentences, anchors, strict=True), 1)
        )

    def calibration_segments(self) -> tuple[Segment, ...]:
        """The sentences every voice of this language is levelled by."""
        return self._calibration


def read_book(project: Project) -> Manuscript:
    """The manuscript as the project wants it read."""
    book = project.book
    return read_manuscript(
        project.manuscripts,
        names=tuple(_shown(path, project) for path in project.manuscripts),
        language=book.language,
        format=book.format,
        include=tuple(book.include),
        exclude=tuple(book.exclude),
        known_speakers=speaker_names(project),
    )


def speaker_names(project: Project) -> dict[str, str]:
    """Every name a line of the script format may begin with, and whose it is."""
    cast = project.book.cast
    return {name: key for key, who in cast.items() for name in (key, *who.aliases)}


def with_credits(project: Project) -> Project:
    """The project with its profile's word on the credits wherever it has none of its own."""
    own, profile = project.book.credits, load_profile(project.book.profile)

    def spoken(wanted: bool | None) -> bool:
        return profile.credits if wanted is None else wanted

    credits = Credits(opening=spoken(own.opening), closing=spoken(own.closing))
    book = project.book.model_copy(update={"credits": credits})
    return project.model_copy(update={"book": book})


def read_script(project: Project, voices: Voices) -> Script:
    """The whole book as a script, with what people and a language model said about speakers."""
    lexicon = _lexicon(project, voices)
    script = write_script(
        read_book(project),
        with_credits(project),
        limits=_limits(project, voices),
        normalises=lambda who: voices.engine(voices.engine_of(who)).capabilities.normalises,
        engine_of=voices.engine_of,
        lexicon=lexicon,
        castings=read_castings(project.folder / CASTING_FILE, project),
        labels=read_labels(project.folder / LABELS_FILE, project),
        disclosed=load_profile(project.book.profile).release,
    )
    return replace(script, warnings=(*script.warnings, *_unread(lexicon, project, voices)))


def read_sources(project: Project, voices: Voices) -> Sources:
    """Reads and scripts the whole book, and resolves what is stored about its segments."""
    return sources_of(project, read_script(project, voices))


def sources_of(project: Project, script: Script) -> Sources:
    """The same with a script that was read before: only what is stored is read again."""
    stored = read_retakes(project.folder / RETAKES_FILE)
    sources = Sources(project, script, stored)
    _resolve_stored(sources)
    return sources


def _lexicon(project: Project, voices: Voices) -> Lexicon:
    engines = {voices.engine_name(name) for name in project.book.voices}
    return read_lexicon(
        project.lexicons,
        cast=tuple(project.book.cast),
        alphabets={name: voices.engine(name).capabilities.phonemes for name in sorted(engines)},
    )


def _unread(lexicon: Lexicon, project: Project, voices: Voices) -> tuple[str, ...]:
    """One warning for all words whose phonemes no engine of the project reads."""
    engines = sorted({voices.engine_name(name) for name in project.book.voices})
    words = [entry.word for entry in lexicon.unread(engines)]
    if not words:
        return ()
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return (
        f"lexicon: no engine of this project ({', '.join(engines)}) reads the phonemes of "
        f"{', '.join(words[:5])}{more}: give say: too",
    )


def _limits(project: Project, voices: Voices) -> tuple[Limit, ...]:
    """The limits of every engine the project uses: a segment fits all of them, so that
    castings never move a boundary."""
    engines = {voices.engine_name(name): None for name in project.book.voices}
    return tuple(
        Limit(voices.engine(name).measure, voices.engine(name).capabilities.limit)
        for name in engines
    )


def _resolve_stored(sources: Sources) -> None:
    segments = [s for chapter in sources.script.chapters for s in chapter.segments]
    anchors = [segment.anchor for segment in segments]
    if not (sources.stored.retakes or sources.stored.accepted or sources.stored.bad):
        return
    lengths = [len(normalise(segment.printed)) for segment in segments]
    orphans: list[str] = []

    def place(wanted: Iterable[tuple[Anchor, str]]) -> list[str | None]:
        found: list[str | None] = []
        for anchor, text in wanted:
            index = resolve(anchor, anchors, lengths)
            if index is None:
                orphans.append(f"{RETAKES_FILE}: {anchor} ({text!r}) fits no segment any more")
            found.append(None if index is None else segments[index].id)
        return found

    retakes = place((r.anchor, r.text) for r in sources.stored.retakes)
    sources.retakes = {
        where: retake
        for where, retake in zip(retakes, sources.stored.retakes, strict=True)
        if where is not None
    }
    accepted = place((a.anchor, a.text) for a in sources.stored.accepted)
    sources.accepted = {
        where: acceptance.key
        for where, acceptance in zip(accepted, sources.stored.accepted, strict=True)
        if where is not None
    }
    bad = place((b.anchor, b.text) for b in sources.stored.bad)
    sources.bad = {
        where: mark
        for where, mark in zip(bad, sources.stored.bad, strict=True)
        if where is not None
    }
    sources.orphans = tuple(orphans)


def _shown(path: object, project: Project) -> str:
    return str(path).removeprefix(str(project.folder)).lstrip("/\\")
