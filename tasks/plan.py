"""The plan: what the book needs, what is there, what is missing and why. Changes nothing.

A plan is made from disk every time: the project, the manuscript, the sidecars of the take
store. Nothing remembers progress but the files themselves, so a plan after a crash, on
another machine or after a wiped Prefect database says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from book.cutting import cuttable
from book.manuscript import Skip
from book.project import Project
from book.retakes import BadTake, Retake
from book.script import Coverage, Segment
from tasks.attempts import Change, Decision, chain, decide
from tasks.failures import read_failures, reasons_by_segment
from tasks.keeping import Kept, read_kept
from tasks.keys import Ingredients, take_key
from tasks.location import Build
from tasks.quotations import Unit, units_of
from tasks.selection import Chapters
from tasks.sources import Sources, read_sources
from tasks.takes import Take, TakeStore
from tasks.voices import Speaker, Voices


@dataclass(frozen=True, slots=True)
class Line:
    """One segment with everything needed to speak it or to find it spoken."""

    segment: Segment
    speaker: Speaker
    ingredients: Ingredients
    changes: tuple[Change, ...]  # the chain of attempts
    keys: tuple[str, ...]  # one per attempt
    decision: Decision
    accepted: str | None = None  # key of a doubtful take that a person accepted
    kept: Kept | None = None  # a finished take is used although it should be made anew

    @property
    def name(self) -> str:
        """What a person calls it: its id, or its voice for a calibration sentence."""
        if self.segment.chapter >= 0:
            return self.segment.id
        return f"calibration of voice {self.speaker.voice_name}"

    @property
    def identity(self) -> str:
        """Equal lines share their takes: the key of the first attempt names the chain."""
        return self.keys[0]

    @property
    def take(self) -> Take | None:
        """The take to use, if there is one."""
        return self.decision.take

    @property
    def open(self) -> bool:
        """Whether something has to be synthesised."""
        return self.decision.take is None

    def refreshed(self, store: TakeStore) -> Line:
        """The same line as the store stands now."""
        takes = [store.get(key) for key in self.keys]
        return replace(self, decision=decide(takes, self.accepted))


@dataclass(frozen=True)
class ChapterPlan:
    """A chapter's lines in order."""

    number: int
    title: str
    lines: tuple[Line, ...]

    @property
    def open(self) -> tuple[Line, ...]:
        """Lines that need synthesis, equal ones once."""
        return tuple({line.identity: line for line in self.lines if line.open}.values())

    @property
    def doubtful(self) -> tuple[Line, ...]:
        """Lines whose take a verdict complains about."""
        return tuple(line for line in self.lines if line.decision.state == "doubtful")

    @property
    def complete(self) -> bool:
        """Whether every line has a take."""
        return not any(line.open for line in self.lines)


@dataclass(frozen=True)
class BookPlan:
    """The whole book as it stands on disk."""

    project: Project
    build: Build
    chapters: tuple[ChapterPlan, ...]
    calibration: tuple[Line, ...]  # the sentences every voice is levelled by
    skips: tuple[Skip, ...]
    coverage: Coverage
    warnings: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    selected: frozenset[int] = field(default_factory=frozenset)  # chapters to work on
    failures: Mapping[str, str] = field(default_factory=dict)  # segment id -> reason, last run
    retakes: Mapping[str, Retake] = field(default_factory=dict)  # by the segment's id
    bad: Mapping[str, BadTake] = field(default_factory=dict)  # marked by a person, by the same

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """All lines of all chapters, in order."""
        return tuple(line for chapter in self.chapters for line in chapter.lines)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """What castings move, in order: whole quotations, and all other segments."""
        return tuple(
            unit
            for chapter in self.chapters
            for unit in units_of(chapter.number, [line.segment for line in chapter.lines])
        )

    @property
    def working(self) -> tuple[ChapterPlan, ...]:
        """The chapters this run works on."""
        return tuple(c for c in self.chapters if c.number in self.selected)


def kept_lines(lines: Iterable[Line]) -> tuple[Kept, ...]:
    """The takes among ``lines`` that are kept, equal ones once."""
    return tuple({line.kept.wanted: line.kept for line in lines if line.kept}.values())


def make_plan(
    project: Project,
    build: Build,
    *,
    chapters: str | None = None,
    store: TakeStore | None = None,
) -> BookPlan:
    """Reads everything and decides what is missing.

    Args:
        chapters: ``"1,3-5"``, or None for all.

    Raises:
        InputError: the project or the manuscript is wrong; one clear line each.
    """
    voices = Voices(project)
    sources = read_sources(project, voices)
    return plan_of(sources, voices, build, chapters=chapters, store=store)


def plan_of(
    sources: Sources,
    voices: Voices,
    build: Build,
    *,
    chapters: str | None = None,
    store: TakeStore | None = None,
) -> BookPlan:
    """The same of sources that were read before: only the build is looked at again."""
    project = sources.project
    store = store or TakeStore(build.takes)
    kept = read_kept(build)
    planned = tuple(
        ChapterPlan(c.number, c.title, tuple(_lines(c.segments, sources, voices, store, kept)))
        for c in sources.script.chapters
    )
    numbers = [c.number for c in planned]
    segments = [line.segment for c in planned for line in c.lines]
    return BookPlan(
        project=project,
        build=build,
        chapters=planned,
        calibration=tuple(_calibration(planned, sources, voices, store, kept)),
        skips=sources.script.skips,
        coverage=sources.script.coverage,
        warnings=(*sources.script.warnings, *voices.clone_warnings),
        orphans=(*sources.script.orphans, *sources.orphans),
        selected=frozenset(Chapters.parse(chapters, numbers).numbers),
        failures=reasons_by_segment(read_failures(build), segments),
        retakes=sources.retakes,
        bad=sources.bad,
    )


def _lines(
    segments: Iterable[Segment],
    sources: Sources,
    voices: Voices,
    store: TakeStore,
    kept: Mapping[str, Kept],
) -> Iterable[Line]:
    for segment in segments:
        name = sources.project.voice_of(segment.speaker)
        line = _line(
            segment,
            voices.speaker(name, segment.style),
            sources,
            voices,
            store,
            retake=wanted.used if (wanted := sources.retakes.get(segment.id)) else 0,
            accepted=sources.accepted.get(segment.id),
        )
        yield _with_kept(line, kept, voices, store)


def _line(
    segment: Segment,
    speaker: Speaker,
    sources: Sources,
    voices: Voices,
    store: TakeStore,
    *,
    retake: int = 0,
    accepted: str | None = None,
) -> Line:
    engine = voices.engine(speaker.setup.name)
    ingredients = Ingredients(
        spoken=segment.spoken,
        language=segment.language,
        voice=speaker.voice.digest,
        style=speaker.voice.style or "",
        engine=speaker.setup.name,
        fingerprint=sources.fingerprint(engine),
        seed=sources.project.book.seed,
        retake=retake,
    )
    changes = chain(engine.capabilities.seeds, cuttable(segment.spoken))
    keys = tuple(take_key(ingredients, attempt) for attempt in range(len(changes)))
    decision = decide_on_disk(keys, store, accepted)
    return Line(segment, speaker, ingredients, changes, keys, decision, accepted)


def _with_kept(
    line: Line, kept_takes: Mapping[str, Kept], voices: Voices, store: TakeStore
) -> Line:
    """The line as its kept take was made, if that is still there and nothing newer is."""
    kept = kept_takes.get(line.identity)
    if kept is None or not line.open:
        return line
    seeds = voices.engine(line.speaker.setup.name).capabilities.seeds
    changes = chain(seeds, cuttable(kept.spoken))
    keys = tuple(take_key(kept.ingredients, attempt) for attempt in range(len(changes)))
    decision = decide_on_disk(keys, store, line.accepted)
    if decision.take is None:
        return line
    segment = replace(line.segment, spoken=kept.spoken, replacements=kept.replacements)
    return Line(
        segment,
        line.speaker,
        kept.ingredients,
        changes,
        keys,
        decision,
        line.accepted,
        kept,
    )


def decide_on_disk(keys: Sequence[str], store: TakeStore, accepted: str | None) -> Decision:
    """``decide`` that stops reading sidecars as soon as one settles the matter."""
    takes: list[Take | None] = []
    for key in keys:
        take = store.get(key)
        takes.append(take)
        if accepted is None and (take is None or take.verdict.good):
            break
    return decide(takes, accepted)


def _calibration(
    chapters: Sequence[ChapterPlan],
    sources: Sources,
    voices: Voices,
    store: TakeStore,
    kept: Mapping[str, Kept],
) -> Iterable[Line]:
    """Ordinary keyed takes of the language's calibration sentences, for each voice and style."""
    used = {(line.speaker.voice_name, line.speaker.style) for c in chapters for line in c.lines}
    for name, style in sorted(used):
        for segment in sources.calibration_segments():
            line = _line(segment, voices.speaker(name, style), sources, voices, store)
            yield _with_kept(line, kept, voices, store)
