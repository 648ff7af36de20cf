"""The AAC of each chapter: encoded once, proven once, kept under ``build/encoded/``.

The M4B and the read-along EPUB are made of these packets, so a changed sentence encodes one
chapter, and both books are only put together again. A file's name is its key; its mark beside
it holds the figures of the decoded sound and the gain it was corrected by. A book made of
chapters that keep to the limits of RMS and peak keeps to them as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from audio.ffmpeg import version
from audio.measuring.measure import Heard, Measured
from audio.measuring.spread import Spread
from audio.packaging.aac import BLOCK, STAGE_VERSION, count, encode_aac, packets
from audio.packaging.sound import ChapterFile
from audio.profiles import Profile
from castbook.errors import StorageError
from castbook.files import finished, storage_error, temporary_beside, write_text
from castbook.files import replace as move
from tasks.assemble import ChapterFiles
from tasks.keys import content_key
from tasks.publication.proof import correction_rules, prove, rules_for


@dataclass(frozen=True, slots=True)
class Encoded:
    """A chapter's AAC as it stands, and what its sound is."""

    path: Path  # ADTS
    heard: Heard  # as the M4A that it becomes: the priming packet left out
    corrected_db: float

    @property
    def measured(self) -> Measured:
        """Its figures."""
        return self.heard.measured


class Encodings:
    """The encoded chapters of one build.

    Args:
        folder: ``encoded/`` of the build.
    """

    def __init__(self, folder: Path, profile: Profile) -> None:
        self._folder = folder
        self._profile = profile
        self._rules = rules_for(profile, "epub")

    def key(self, chapter: ChapterFiles) -> str:
        """Everything that decides the packets; a correction follows from it."""
        encoder = [STAGE_VERSION, self._profile.m4b_kbps, self._profile.aac_coder, version()]
        rules = correction_rules(self._rules)
        return content_key("aac", [chapter.master_key, encoder, rules])

    def standing(self, chapter: ChapterFiles) -> Encoded | None:
        """The chapter's AAC, if it was finished and is whole."""
        path = self._path(chapter)
        try:
            mark = json.loads(path.with_suffix(".json").read_bytes())
            if path.stat().st_size != mark["bytes"]:
                return None
            heard = Heard(Measured(**mark["measured"]), Spread.from_json(mark["spread"]))
            return Encoded(path, heard, float(mark["corrected_db"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def encode(self, chapter: ChapterFiles) -> Encoded:
        """The chapter's AAC, made unless it stands.

        Raises:
            StorageError: the disk is full, or the master is damaged.
        """
        standing = self.standing(chapter)
        if standing is not None:
            return standing
        sound = ChapterFile(chapter.audio, chapter.title, chapter.frames, chapter.rate)
        path = self._path(chapter)

        def make(temporary: Path, gain_db: float) -> None:
            encode_aac(temporary, sound, self._profile, gain_db=gain_db)

        with temporary_beside(path) as temporary:
            found, gain_db = prove(make, temporary, self._rules, frames=chapter.frames, skip=BLOCK)
            heard = replace(found, measured=replace(found.measured, format="m4a"))
            mark = path.with_suffix(".json")
            mark.unlink(missing_ok=True)
            move(temporary, path)
        facts = {
            "bytes": path.stat().st_size,
            "corrected_db": gain_db,
            "measured": asdict(heard.measured),
            "spread": heard.spread.to_json(),
        }
        write_text(mark, json.dumps(facts))
        return Encoded(path, heard, gain_db)

    def set_aside(self, chapters: Collection[ChapterFiles]) -> tuple[str, ...]:
        """Withdraws the marks of encoded chapters that stand and are damaged; their files."""
        found = []
        for chapter in chapters:
            standing = self.standing(chapter)
            if standing is None:
                continue
            try:
                whole = count(standing.path) == packets(chapter.frames)
            except StorageError:
                whole = False
            if not whole:
                standing.path.with_suffix(".json").unlink(missing_ok=True)
                found.append(str(standing.path))
        return tuple(found)

    def remove_others(self, chapters: Collection[ChapterFiles]) -> None:
        """Removes what no chapter of the finished book is made of.

        Raises:
            StorageError: a file cannot be removed.
        """
        keep = {self._path(chapter).stem for chapter in chapters}
        try:
            for path in finished(self._folder, "*"):
                if path.suffix in (".aac", ".json") and path.stem not in keep:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error, self._folder) from error

    def _path(self, chapter: ChapterFiles) -> Path:
        return self._folder / f"{self.key(chapter)[:32]}.aac"
