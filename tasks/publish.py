"""The publication steps: masters to the files that listeners and shops open.

Each file has a key over everything that decides its bytes; a file whose key and size still
fit is left alone. A new one is decoded again and measured before it takes its name
(``tasks/publication/proof.py``). With chapters missing, the book file is named ``Title
(incomplete 31 of 32).m4b``: the final name is for a complete book. Where the files lie says
``tasks/publication/layout.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from audio.measuring.measure import measure
from audio.profiles import Profile
from book.project import Project
from castbook.errors import CastbookError, StorageError
from castbook.files import replace as move
from castbook.files import temporary_beside
from tasks.assemble import ChapterFiles
from tasks.location import Build
from tasks.plan import ChapterPlan
from tasks.publication import chapterfiles, wholebooks
from tasks.publication.beside import METADATA, files_beside
from tasks.publication.bookfiles import Blueprint, BookFile
from tasks.publication.damage import explained
from tasks.publication.description import book_metadata
from tasks.publication.encodings import Encoded, Encodings
from tasks.publication.layout import INCOMPLETE, lay_out
from tasks.publication.limits import remarks
from tasks.publication.marks import Marks
from tasks.publication.packets import compare_packets
from tasks.publication.proof import book_figures, check_of, prove, rules_for
from tasks.publication.space import Need, make_sure, needed_bytes


@dataclass(frozen=True, slots=True)
class Published:
    """One file of the finished book as it stands."""

    path: Path
    bytes: int
    made: bool
    chapter: int | None = None  # the chapter it holds; None: the whole book, a sample
    check: Mapping[str, Any] | None = None  # CheckResult.to_json() of the finished file
    corrected_db: float = 0.0  # gain of the second encoding; 0: the first was right


class Publication:
    """The book files of one build.

    Args:
        chapters: finished chapters in order.
        plans: every chapter of the whole book.
    """

    def __init__(
        self,
        project: Project,
        build: Build,
        profile: Profile,
        chapters: Sequence[ChapterFiles],
        plans: Sequence[ChapterPlan],
    ) -> None:
        self.metadata = book_metadata(project)
        layout = lay_out(self.metadata, finished=len(chapters), total=len(plans))
        self.folder = build.out / layout.folder
        self._out = build.out
        self._profile = profile
        self._marks = Marks(build.folder / "marks", build.out)
        stands = (self._marks.read(self.folder / METADATA, "") or {}).get("complete", False)
        self._layout = replace(layout, aside=stands and not layout.complete)
        self._encodings = Encodings(build.folder / "encoded", profile)
        self._outputs = tuple(dict.fromkeys(project.book.outputs))
        self._book = Blueprint(
            out=build.out,
            profile=profile,
            outputs=self._outputs,
            chapters=tuple(chapters),
            plans={plan.number: plan for plan in plans},
            metadata=self.metadata,
            picture=project.cover,
            layout=self._layout,
            encodings=self._encodings,
        )

    # -- what there is to do -----------------------------------------------------------------

    @cached_property
    def files(self) -> tuple[BookFile, ...]:
        """Every file this book should have now.

        Raises:
            ProjectError: the cover is gone, or no whole JPEG or PNG.
            StorageError: a stored timeline is damaged; it was set aside.
        """
        makers = {
            "m4b": (wholebooks.m4b_file,),
            "epub": (wholebooks.epub_file,),
            "mp3-book": (wholebooks.mp3_book_file,),
            "opus": (wholebooks.opus_file,),
            "mp3": (chapterfiles.mp3_files,),
            "flac": (chapterfiles.flac_files,),
            "captions": (wholebooks.caption_files, chapterfiles.lyric_files),
        }
        if not self._book.chapters:
            return ()
        try:
            return tuple(
                file for name in self._outputs for make in makers[name] for file in make(self._book)
            )
        except StorageError as error:
            chapters = self._book.chapters
            raise explained(error, self.folder, chapters, self._encodings) from error

    @cached_property
    def missing(self) -> tuple[BookFile, ...]:
        """The files that have to be made."""
        return tuple(file for file in self.files if self._standing(file) is None)

    @cached_property
    def to_encode(self) -> tuple[ChapterFiles, ...]:
        """Chapters whose AAC has to be made for them."""
        if not any(file.joined for file in self.missing):
            return ()
        return tuple(c for c in self._book.chapters if self._encodings.standing(c) is None)

    def make_sure_of_room(self) -> None:
        """Returns when the disk has room for all that is missing.

        Raises:
            StorageError: it has not.
            ProjectError: as ``files``.
        """
        aac = [Need(c.frames / c.rate, self._profile.m4b_kbps) for c in self.to_encode]
        make_sure(self._out, needed_bytes([*(file.need for file in self.missing), *aac]))

    # -- steps -------------------------------------------------------------------------------

    def encode(self, chapter: ChapterFiles) -> Encoded:
        """The AAC of one chapter, made unless it stands.

        Raises:
            StorageError: the disk is full, or the master is damaged (it is then set aside).
        """
        try:
            return self._encodings.encode(chapter)
        except CastbookError as error:
            raise explained(error, chapter.audio, [chapter], self._encodings) from error

    def publish(self, file: BookFile) -> Published:
        """Makes one file unless it stands; the old file stays whole until the new one is.

        Raises:
            StorageError: the disk is full, the folder cannot be written, a master is damaged.
        """
        standing = self._standing(file)
        if standing is not None:
            return standing
        try:
            with temporary_beside(file.path) as temporary:
                facts = self._proven(file, temporary)
                self._marks.withdraw(file.path)
                move(temporary, file.path)
            self._marks.write(file.path, file.key, facts)
        except CastbookError as error:
            raise explained(error, file.path, file.of, self._encodings) from error
        return self._published(file, facts, made=True)

    def finish(self, published: Sequence[Published]) -> None:
        """What lies beside the book; files of an older state of it are removed.

        Raises:
            StorageError: the folder cannot be written.
        """
        paths = [file.path for file in published]
        beside = files_beside(self._book, paths)
        for path, content in beside.items():
            facts = {"complete": self._layout.complete} if path.name == METADATA else {}
            self._marks.put(path, content, facts)
        self._marks.remove_others({*paths, *beside}, self._may_go)
        if self._layout.complete:  # else the AAC of a chapter that is mended stands again
            self._encodings.remove_others(self._book.chapters)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a listener should know about the files, although they are as they should be."""
        sizes = {f.path.name: f.need.bytes for f in self.files if f.chapter is None}
        return remarks(self._outputs, len(self._book.chapters), sizes)

    # -- how it stands -----------------------------------------------------------------------

    def _standing(self, file: BookFile) -> Published | None:
        facts = self._marks.read(file.path, file.key)
        try:
            return None if facts is None else self._published(file, facts, made=False)
        except (KeyError, TypeError, OSError):
            return None  # written by another castbook, or taken away this moment

    def _published(self, file: BookFile, facts: Mapping[str, Any], *, made: bool) -> Published:
        return Published(
            path=file.path,
            bytes=file.path.stat().st_size,
            made=made,
            chapter=file.chapter,
            check=check_of(file.path, facts, rules_for(self._profile, file.output)),
            corrected_db=float(facts.get("corrected_db", 0.0)),
        )

    def _proven(self, file: BookFile, path: Path) -> dict[str, Any]:
        """Makes a file and proves its sound; what its mark is to say."""
        if not file.sound:
            file.make(path, 0.0)
            return {}
        if file.joined:  # of chapters that were decoded and measured when they were encoded
            file.make(path, 0.0)
            encoded = [self._encodings.encode(c) for c in file.of]
            if file.output == "m4b":
                return {"measured": asdict(book_figures(path, [e.heard for e in encoded]))}
            compare_packets(path, [e.path for e in encoded])
            pairs = zip(file.of, encoded, strict=True)
            members = [{"title": c.title, "measured": asdict(e.measured)} for c, e in pairs]
            return {"members": members}
        if file.corrected:
            rules = rules_for(self._profile, file.output)
            heard, gain_db = prove(file.make, path, rules, frames=file.frames)
            return {"measured": asdict(heard.measured), "corrected_db": gain_db}
        file.make(path, 0.0)
        return {"measured": asdict(measure(path))}

    def _may_go(self, path: Path) -> bool:
        """While an incomplete book is made beside a complete one, the complete one stays."""
        if self._layout.aside:
            return INCOMPLETE in path.relative_to(self._out).parts
        return self._layout.complete or path.is_relative_to(self.folder)
