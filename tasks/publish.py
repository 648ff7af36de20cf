"""The publication steps: masters to book files under ``out/Author/Title/``.

Each file has a key over the masters and everything else that decides its bytes; a file
whose key and size still fit is left alone. With chapters missing, the book file is named
``Title (incomplete 31 of 32).m4b``: the final name is for a complete book.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audio.ffmpeg import version
from audio.packaging.m4b import STAGE_VERSION as M4B_VERSION
from audio.packaging.m4b import write_m4b
from audio.packaging.metadata import BookMetadata, metadata_json, safe_name
from audio.packaging.mp3 import STAGE_VERSION as MP3_VERSION
from audio.packaging.mp3 import write_mp3
from audio.packaging.sound import ChapterFile
from audio.profiles import Profile
from audio.readalong.epub import STAGE_VERSION as EPUB_VERSION
from audio.readalong.epub import write_epub
from book.languages import load_language
from book.project import NoDisclosure, Project
from castbook.files import replace as move
from castbook.files import temporary_beside, write_bytes, write_text
from tasks.assemble import ChapterFiles
from tasks.keys import content_key
from tasks.location import Build
from tasks.plan import ChapterPlan
from tasks.readalong import read_along


@dataclass(frozen=True, slots=True)
class BookFile:
    """One file of the finished book and how to make it."""

    path: Path
    key: str
    make: Callable[[Path], None]  # writes a temporary path


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
        total = len(plans)
        self._plans = {plan.number: plan for plan in plans}
        self._build = build
        self._profile = profile
        self._chapters = tuple(chapters)
        self._complete = len(self._chapters) == total
        self._total = total
        self._project = project
        self._cover = project.cover
        self.metadata = book_metadata(project)
        title = safe_name(project.book.title)
        self.folder = build.out / safe_name(project.book.author) / title
        self._title = title

    def files(self) -> tuple[BookFile, ...]:
        """Every file this book should have now, the slowest first."""
        wanted = self._project.book.outputs
        files: list[BookFile] = []
        if "m4b" in wanted:
            files.append(self._m4b())
        if "epub" in wanted:
            files.append(self._epub())
        if "mp3" in wanted:
            files += [self._mp3(number) for number in range(len(self._chapters))]
        return tuple(files)

    def publish(self, file: BookFile) -> Published:
        """Makes one file unless it stands; the old file stays whole until the new one is.

        Raises:
            StorageError: the disk is full, or the folder cannot be written.
        """
        mark = self._mark(file.path)
        if stands(file, mark):
            return Published(file.path, file.path.stat().st_size, made=False)
        with temporary_beside(file.path) as temporary:
            file.make(temporary)
            size = temporary.stat().st_size
            # or a kill in between would leave the old mark to speak for the new file
            mark.unlink(missing_ok=True)
            move(temporary, file.path)
        write_text(mark, json.dumps({"file": file.path.name, "key": file.key, "bytes": size}))
        return Published(file.path, size, made=True)

    def finish(self, published: Sequence[Published]) -> None:
        """Cover and metadata beside the book; files of an older state of it are removed."""
        if self._cover is not None:
            write_if_changed(
                self.folder / f"cover{self._cover.suffix.lower()}", self._cover.read_bytes()
            )
        write_if_changed(
            self.folder / "metadata.json",
            metadata_json(self.metadata, self._chapter_list()).encode("utf-8"),
        )
        keep = {file.path for file in published}
        books = [*self.folder.glob("*.m4b"), *self.folder.glob("*.epub")]
        for old in [*books, *(self.folder / "mp3").glob("*.mp3")]:
            incomplete = " (incomplete " in old.name
            if old not in keep and (self._complete or incomplete or old.suffix == ".mp3"):
                old.unlink(missing_ok=True)
                self._mark(old).unlink(missing_ok=True)

    def _name(self) -> str:
        """The book's file name without suffix; the bare title is for a complete book."""
        if self._complete:
            return self._title
        return f"{self._title} (incomplete {len(self._chapters)} of {self._total})"

    def _m4b(self) -> BookFile:
        chapters = self._chapter_list()
        key = self._key("m4b", M4B_VERSION, [c.title for c in chapters], self._chapters)

        def make(path: Path) -> None:
            write_m4b(path, chapters, self.metadata, cover=self._cover, profile=self._profile)

        return BookFile(self.folder / f"{self._name()}.m4b", key, make)

    def _epub(self) -> BookFile:
        """The read-along book: text and sound of the finished chapters."""
        chapters = tuple(
            read_along(files, self._plans[files.number].lines) for files in self._chapters
        )
        texts = [[*cue] for reading in chapters for cue in reading.cues]
        extra = [[c.title for c in self._chapters], texts]
        key = self._key("epub", EPUB_VERSION, extra, self._chapters)

        def make(path: Path) -> None:
            write_epub(path, chapters, self.metadata, cover=self._cover, profile=self._profile)

        return BookFile(self.folder / f"{self._name()}.epub", key, make)

    def _mp3(self, index: int) -> BookFile:
        chapter = self._chapter_list()[index]
        files = self._chapters[index]
        place = [chapter.title, index + 1, len(self._chapters)]
        key = self._key("mp3", MP3_VERSION, place, [files])

        def make(path: Path) -> None:
            write_mp3(
                path,
                chapter,
                self.metadata,
                track=index + 1,
                tracks=len(self._chapters),
                cover=self._cover,
                profile=self._profile,
            )

        name = f"{files.number:02d} - {safe_name(files.title)}.mp3"
        return BookFile(self.folder / "mp3" / name, key, make)

    def _key(
        self, kind: str, stage: int, extra: Sequence[Any], chapters: Sequence[ChapterFiles]
    ) -> str:
        cover = hashlib.sha256(self._cover.read_bytes()).hexdigest() if self._cover else ""
        return content_key(
            kind,
            {
                "masters": [c.master_key for c in chapters],
                "metadata": asdict(self.metadata),
                "cover": cover,
                "encoder": [stage, self._profile.digest(), version()],
                "extra": list(extra),
            },
        )

    def _chapter_list(self) -> tuple[ChapterFile, ...]:
        return tuple(
            ChapterFile(path=c.audio, title=c.title, frames=c.frames, rate=c.rate)
            for c in self._chapters
        )

    def _mark(self, path: Path) -> Path:
        return self._build.folder / "marks" / f"{path.name}.json"


def stands(file: BookFile, mark: Path) -> bool:
    """Whether a file was finished under this key and is still whole."""
    try:
        written = json.loads(mark.read_bytes())
        return bool(written["key"] == file.key and file.path.stat().st_size == written["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def book_metadata(project: Project) -> BookMetadata:
    """The project's words for shops and players."""
    book, extra = project.book, project.book.metadata
    disclosure = None
    if not isinstance(book.disclosure, NoDisclosure):
        disclosure = load_language(book.language).disclosure
    return BookMetadata(
        title=book.title,
        subtitle=extra.subtitle,
        author=book.author,
        narrator=load_language(book.language).narrated_by,
        series=book.series.name if book.series else None,
        series_part=str(book.series.part) if book.series and book.series.part is not None else None,
        language=book.language,
        publisher=extra.publisher,
        year=extra.year,
        isbn=extra.isbn,
        genres=tuple(extra.genre),
        description=extra.description,
        disclosure=disclosure,
    )


def write_if_changed(path: Path, content: bytes) -> None:
    """Leaves an equal file alone, so that a second run touches nothing."""
    if not (path.is_file() and path.read_bytes() == content):
        write_bytes(path, content)
