"""Where the files of a book lie under ``out/``, and what they are called. Pure.

    out/Author/Series/2 - Title/      (out/Author/Title/ without a series)
        Title.m4b  Title.epub  Title.vtt  Title.srt  cover.jpg  metadata.json  report.*
        mp3/  mp3-book/  opus/  flac/  sample/

Audiobookshelf reads author, series and title from the last three folders, and the place in
the series from a number before " - " (``getBookDataFromDir`` in its server/utils/scandir.js).
It takes every audio file below a book's folder for one of its tracks, so a second set of
files would play the book twice; a folder that holds a file ``.ignore`` it leaves out
(``recurseFiles`` in server/utils/fileUtils.js). Without an M4B the first of the other folders
is the book there: it becomes an item of its own name, unless cover and metadata.json, which
has the last word, lie in that folder too.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from audio.packaging.metadata import BookMetadata, safe_name
from book.project import Output

IGNORE: Final = ".ignore"
SAMPLE: Final = "sample"  # its folder
INCOMPLETE: Final = "incomplete"
# The forms that lie in folders of their own, by what Audiobookshelf shows best.
_FOLDERS: Final[tuple[Output, ...]] = ("mp3-book", "opus", "mp3", "flac")
_PLACE: Final = re.compile(r"\d{1,3}(\.\d{1,2})?")  # what its scanner takes for a place


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of one book.

    Args:
        folder: of the book, below ``out/``.
        title: the book's title as a file name.
        finished: chapters that stand; of ``total``.
        aside: with chapters missing, the book as it was when it was complete still stands:
            the files of the incomplete one lie in a folder of their own, or Audiobookshelf
            would play both.
    """

    folder: PurePosixPath
    title: str
    finished: int
    total: int
    aside: bool = False

    @property
    def complete(self) -> bool:
        """Whether every chapter stands."""
        return self.finished == self.total

    @property
    def name(self) -> str:
        """File name of the whole book without suffix; the bare title is for a complete one."""
        if self.complete:
            return self.title
        return f"{self.title} (incomplete {self.finished} of {self.total})"

    def book(self, suffix: str) -> PurePosixPath:
        """A file beside the M4B: ``Title.epub``."""
        return self._whole / f"{self.name}.{suffix}"

    def whole(self, output: Output, suffix: str) -> PurePosixPath:
        """A second form of the whole book, in its own folder."""
        return self._whole / output / f"{self.name}.{suffix}"

    @property
    def _whole(self) -> PurePosixPath:
        """The folder of files that hold the whole book."""
        return self.folder / INCOMPLETE if self.aside else self.folder

    def chapter(self, output: Output, number: int, title: str, suffix: str) -> PurePosixPath:
        """One chapter's file: ``mp3/03 - The Quest.mp3``; sorted by name they are in order."""
        digits = max(2, len(str(self.total)))
        return self.folder / output / f"{number:0{digits}d} - {safe_name(title)}.{suffix}"

    def sample(self, suffix: str) -> PurePosixPath:
        """The retail sample."""
        return self.folder / SAMPLE / f"{self.title} - sample.{suffix}"


def lay_out(book: BookMetadata, *, finished: int, total: int) -> Layout:
    """The layout of a book of which ``finished`` of ``total`` chapters stand."""
    title = safe_name(book.title)
    folder = PurePosixPath(safe_name(book.author))
    if book.series:
        place = book.series_part or ""
        numbered = f"{place} - {title}" if _PLACE.fullmatch(place) else title
        return Layout(folder / safe_name(book.series) / numbered, title, finished, total)
    return Layout(folder / title, title, finished, total)


def shown(outputs: Collection[str]) -> str:
    """The folder below the book's that is the book for Audiobookshelf; "" for the book's own."""
    if "m4b" in outputs:
        return ""
    return next((name for name in _FOLDERS if name in outputs), "")


def ignored(outputs: Collection[str]) -> tuple[str, ...]:
    """Folders below the book's that Audiobookshelf must not read as more tracks of it."""
    return (*(name for name in _FOLDERS if name != shown(outputs)), SAMPLE, INCOMPLETE)
