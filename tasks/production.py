"""A run on one book: everything the steps need, opened together and closed together.

``Production`` is the shell around the pure order of work in ``orchestration``: it holds the
plan, the take store, the engine processes and the claims of this process, and carries out
single steps. It remembers nothing that is not on disk.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from audio.mastering.roomtone import tone_key
from audio.packaging.cover import picture_type
from audio.profiles import load_profile
from book.languages import load_language
from book.project import Project
from book.projectfile import load_project
from castbook.errors import BrokenPromise, StorageError
from castbook.files import storage_error, sweep
from tasks import scripts
from tasks.assemble import Assembly, ChapterFiles
from tasks.claims import Claims
from tasks.ears.machine import open_ear
from tasks.engines import EnginePool
from tasks.failures import store_failures
from tasks.flags import flags_of
from tasks.heap import keep_small
from tasks.judging import Judging
from tasks.levels import Level, VoiceStyle, measure_levels
from tasks.location import Build, find_build, find_project
from tasks.orchestration import ChapterReport, Observer, failure_rows, run_chapters
from tasks.outcome import BookReport
from tasks.plan import BookPlan, ChapterPlan, Line, make_plan
from tasks.publication.order import publish_book
from tasks.publish import Publication
from tasks.reporting.writing import write_reports
from tasks.runners import CountedRunner, Runner
from tasks.selection import Where
from tasks.settlement import settle
from tasks.sources import CALIBRATION_CHAPTER
from tasks.speeds import store_speed
from tasks.synthesize import BatchReport, Synthesis
from tasks.takes import TakeStore
from tasks.timetable import choose_lines
from tasks.waves import Gate, synthesise

OTHERS_POLL_S = 1.0


class Production:
    """One process's work on one book. Use as a context manager.

    Raises:
        InputError: the project or manuscript is wrong, before anything is synthesised.
    """

    def __init__(
        self,
        project: str | Path,
        *,
        build: str | Path | None = None,
        chapters: str | None = None,
        pool: EnginePool | None = None,
    ) -> None:
        keep_small()
        folder = find_project(project)
        self._chapters = chapters
        self.project: Project = load_project(folder)
        if self.project.cover is not None:
            picture_type(self.project.cover)  # before hours of work, not after them
        self.build: Build = find_build(folder, self.project.slug, build)
        self._ear = open_ear(self.project)
        self._judging = Judging(self._ear)
        self.store = TakeStore(self.build.takes, judge=self._judging.verdict)
        self.profile = load_profile(self.project.book.profile)
        self.plan = self._planned()
        self.build.create()
        sweep(self.build.folder)
        self._own_pool = pool is None
        self.pool = pool or EnginePool()
        self._claims = Claims(self.build.folder / "claims")
        self._synthesis = Synthesis(self.store, self.pool, self._claims, self._judging)
        self._assembly: Assembly | None = None
        self._levels: Mapping[VoiceStyle, Level] = {}

    def _planned(self) -> BookPlan:
        return make_plan(self.project, self.build, chapters=self._chapters, store=self.store)

    # -- before any work -------------------------------------------------------------------

    def settle(self, only: Where | None = None, *, redo: bool = False, keep: bool = False) -> None:
        """See ``tasks/settlement.py``; ``only`` is what the run is to make."""
        if settle(self.plan, self.store, self._chosen(only), redo=redo, keep=keep):
            self.plan = self._planned()

    def _chosen(self, only: Where | None) -> frozenset[str] | None:
        if only is None or only.empty:
            return None
        return frozenset(line.identity for line in choose_lines(self.plan, only))

    # -- steps (orchestration.Steps) -----------------------------------------------------

    def speak(self, lines: Sequence[Line]) -> BatchReport:
        """See ``Synthesis.speak``."""
        return self._synthesis.speak(lines)

    def speak_alone(self, line: Line) -> BatchReport:
        """See ``Synthesis.speak_alone``."""
        return self._synthesis.speak_alone(line)

    def refresh(self, lines: Iterable[Line]) -> tuple[Line, ...]:
        """The lines as the store stands now."""
        return tuple(line.refreshed(self.store) if line.open else line for line in lines)

    def width(self, line: Line) -> tuple[int, int]:
        """(batch size, requests at once) of the engine that speaks ``line``."""
        return self.pool.width(line.speaker.setup)

    def wait_for_others(self) -> None:
        """A moment's patience with another process."""
        time.sleep(OTHERS_POLL_S)

    def assemble(self, chapter: ChapterPlan) -> ChapterFiles:
        """See ``Assembly.assemble``."""
        if self._assembly is None:
            raise BrokenPromise("a chapter is assembled before the voices are levelled")
        try:
            return self._assembly.assemble(chapter)
        except StorageError as error:
            damaged = [x.take for x in chapter.lines if x.take and not self.store.sound(x.take)]
            for take in damaged:
                try:
                    self.store.discard(take.key)
                except OSError as refusal:
                    raise storage_error(refusal, take.audio) from refusal
            if not damaged:
                raise
            raise StorageError(
                f"{error}; the damaged take is set aside: the same command makes it anew"
            ) from error

    # -- the run -------------------------------------------------------------------------

    def calibrate(self, runner: Runner, voices: Iterable[str] | None = None) -> BatchReport:
        """Makes the calibration takes and levels every voice.

        Args:
            voices: only these keys of the project's voices (None: all that speak).
        """
        wanted = None if voices is None else set(voices)
        lines = [
            line
            for line in self.plan.calibration
            if wanted is None or line.speaker.voice_name in wanted
        ]
        unique = list({line.identity: line for line in lines if line.open}.values())
        calibration = ChapterPlan(CALIBRATION_CHAPTER, "calibration", tuple(lines))
        report = BatchReport()
        if unique:
            report = synthesise(unique, calibration, self, runner, Gate())
        fresh = self.refresh(lines)
        self._judging.learn(fresh)
        self._level(fresh)
        return report

    def _level(self, calibration: Sequence[Line]) -> None:
        book = self.project.book
        characters = book.cast
        narrator = load_language(book.language).narrator
        names: dict[str | None, str] = {None: narrator}
        names.update({key: (c.aliases[0] if c.aliases else key) for key, c in characters.items()})
        self._levels = measure_levels(calibration)
        self._assembly = Assembly(
            self.build.chapters,
            self.profile,
            self.project.book.rate,
            self._levels,
            names,
            tone=tone_key(book.title, book.author, book.seed),
        )

    def run(self, runner: Runner, observer: Observer, only: Where | None = None) -> BookReport:
        """The whole order of work on the selected chapters."""
        began = time.monotonic()
        counted = CountedRunner(runner)
        chosen = self._chosen(only)
        scripts.write_scripts(self.plan, chosen)
        calibration = self.calibrate(counted)
        spoken_from = time.monotonic()
        reports = run_chapters(self.plan, self, counted, observer, chosen)
        missing = [line for chapter in self.plan.working for line in chapter.open]
        spoken = self.refresh(missing)
        store_speed(self.build, spoken, time.monotonic() - spoken_from)
        store_failures(self.build, failure_rows(reports), (r.number for r in reports))
        others = self._others()
        published_from = time.monotonic()
        done = {c.number: c.files for c in (*reports, *others) if c.files is not None}
        finished = [done[c.number] for c in self.plan.chapters if c.number in done]
        publication = Publication(
            self.project, self.build, self.profile, finished, self.plan.chapters
        )
        result = publish_book(publication, counted)
        report = BookReport(
            plan=self.plan,
            chapters=reports,
            calibration=calibration,
            files=result.files,
            total=len(self.plan.chapters),
            finished=len(finished),
            seconds=time.monotonic() - began,
            steps=counted.steps,
            problems=result.problems,
            remarks=result.remarks,
            others=others,
            levels=self._levels,
            flags=flags_of(self.plan.chapters, spoken),
            stages=(
                ("calibration of voices", spoken_from - began),
                ("speaking and mastering", published_from - spoken_from),
                ("book files", time.monotonic() - published_from),
            ),
        )
        _, page = write_reports(report, publication.folder)
        return replace(report, page=page)

    def _others(self) -> tuple[ChapterReport, ...]:
        """The chapters this run does not work on, as they stand on disk."""
        return tuple(
            ChapterReport(
                number=chapter.number,
                title=chapter.title,
                segments=len(chapter.lines),
                made=0,
                failed=(),
                open=len(chapter.open),
                doubtful=chapter.doubtful,
                files=self.standing(chapter) if chapter.complete else None,
            )
            for chapter in self.plan.chapters
            if chapter.number not in self.plan.selected
        )

    def standing(self, chapter: ChapterPlan) -> ChapterFiles | None:
        """The finished files of a complete chapter if they are there and still right."""
        if self._assembly is None:
            return None
        return self._assembly.standing(chapter)

    def close(self) -> None:
        """Ends the engine processes and the recogniser's, and withdraws the claims."""
        if self._own_pool:
            self.pool.close()
        if self._ear is not None:
            self._ear.close()
        self._claims.close()

    def __enter__(self) -> Production:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
