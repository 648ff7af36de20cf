"""The assembly step: a complete chapter's takes become its master, timeline and captions.

The chapter's **mark** (``03-title.json``) is written last and holds the master key: equal
key, nothing to do. Files are replaced atomically, so a kill leaves the old chapter or the
new one. A master that another chapter number already made (a chapter was inserted above)
is linked, not made again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audio.joins.stitch import STAGE_VERSION as STITCH_VERSION
from audio.joins.stitch import Piece, stitch
from audio.mastering.master import STAGE_VERSION as MASTER_VERSION
from audio.mastering.master import gauge_for, master
from audio.mastering.roomtone import STAGE_VERSION as TONE_VERSION
from audio.packaging.metadata import safe_name
from audio.profiles import Profile
from audio.readalong.captions import srt, vtt
from audio.timeline import Timeline
from castbook.errors import BrokenPromise, StorageError
from castbook.files import finished, publish, replace, temporary_beside, write_bytes, write_text
from tasks.keys import content_key
from tasks.levels import Level, VoiceStyle
from tasks.pieces import chapter_pieces, relabel, shown, with_sentences
from tasks.plan import ChapterPlan

CAPTION_VERSION = 2
WORKERS = min(2, os.cpu_count() or 1)  # that prepare takes for one chapter; bytes stay the same


@dataclass(frozen=True, slots=True)
class ChapterFiles:
    """A finished chapter on disk."""

    number: int
    title: str
    master_key: str
    audio: Path
    timeline: Path
    frames: int
    rate: int
    measured: Mapping[str, float]  # the decibels, LUFS and LU of its MasterReport
    made: bool  # whether this step had to make the master


class Assembly:
    """Assembles chapters of one build.

    Args:
        folder: ``chapters/`` of the build.
        levels: the gain of every voice and style.
        names: display names of characters, for captions (None is the narrator).
        tone: key of the book's room tone (``audio.mastering.roomtone.tone_key``).
    """

    def __init__(
        self,
        folder: Path,
        profile: Profile,
        rate: int,
        levels: Mapping[VoiceStyle, Level],
        names: Mapping[str | None, str],
        *,
        tone: int = 0,
    ) -> None:
        self._folder = folder
        self._profile = profile
        self._rate = rate
        self._levels = levels
        self._names = names
        self._tone = tone

    def assemble(self, chapter: ChapterPlan) -> ChapterFiles:
        """Makes what is missing of a complete chapter.

        Raises:
            StorageError: a take is damaged (it is named), or the disk is full.
        """
        finished = self.standing(chapter)
        if finished is not None:
            return finished
        pieces = chapter_pieces(chapter, self._levels, self._names)
        key, captions_key = self._keys(pieces)
        stem = chapter_stem(chapter.number, chapter.title)
        report, timeline, made = self._audio(chapter, pieces, key, stem)
        texts = {
            f"{stem}.timeline.json": timeline.to_json(),
            f"{stem}.vtt": vtt(timeline, chapter.title).encode("utf-8"),
            f"{stem}.srt": srt(timeline).encode("utf-8"),
        }
        for name, content in texts.items():
            write_bytes(self._folder / name, content)
        written = {
            "chapter": chapter.number,
            "title": chapter.title,
            "master_key": key,
            "captions_key": captions_key,
            "files": [f"{stem}.flac", *texts],
            "master": report,
        }
        write_text(self._folder / f"{stem}.json", json.dumps(written, ensure_ascii=False, indent=1))
        self._remove_stale(chapter.number, stem)
        return _files(chapter, self._folder, stem, written, made=made)

    def standing(self, chapter: ChapterPlan) -> ChapterFiles | None:
        """The files of a complete chapter if they stand and nothing about them has changed."""
        pieces = chapter_pieces(chapter, self._levels, self._names)
        stem = chapter_stem(chapter.number, chapter.title)
        mark = read_mark(self._folder / f"{stem}.json")
        if (
            mark is None
            or (mark["master_key"], mark["captions_key"]) != self._keys(pieces)
            or not all((self._folder / name).is_file() for name in mark["files"])
        ):
            return None
        return _files(chapter, self._folder, stem, mark, made=False)

    def _keys(self, pieces: Sequence[Piece]) -> tuple[str, str]:
        """(master key, key of the captions)."""
        key = self.master_key(pieces)
        return key, content_key("captions", [CAPTION_VERSION, key, *shown(pieces)])

    def master_key(self, pieces: Sequence[Piece]) -> str:
        """Everything that decides the chapter's samples; the timeline follows from it."""
        return content_key(
            "master",
            {
                "pieces": [
                    [p.pcm_sha256, p.pause_ms, repr(p.gain_db), p.kind == "heading"] for p in pieces
                ],
                "rate": self._rate,
                "profile": self._profile.master_digest(),
                "tone": f"{self._tone:x}",
                "stages": [STITCH_VERSION, MASTER_VERSION, TONE_VERSION],
            },
        )

    def _audio(
        self, chapter: ChapterPlan, pieces: Sequence[Piece], key: str, stem: str
    ) -> tuple[dict[str, Any], Timeline, bool]:
        """The master under its final name, linked from where it already stands or made."""
        final = self._folder / f"{stem}.flac"
        for mark in finished(self._folder, "*.json"):
            found = read_mark(mark, key)
            if found is None or found["master_key"] != key:
                continue
            source = self._folder / found["files"][0]
            timeline_file = self._folder / found["files"][1]
            if not (source.is_file() and timeline_file.is_file()):
                continue
            try:
                old = Timeline.from_json(timeline_file.read_bytes())
            except StorageError:
                continue  # damaged; it follows from the takes, so the master is made again
            if source != final:
                with temporary_beside(final) as temporary:
                    publish(source, temporary)
                    self._withdraw(stem)
                    replace(temporary, final)
            return dict(found["master"]), relabel(old, pieces), False
        with (
            temporary_beside(final) as mastered,
            temporary_beside(final.with_suffix(".wav")) as stitched,
        ):
            before = gauge_for(self._profile, self._rate)
            timeline = stitch(
                with_sentences(chapter, pieces),
                stitched,
                rate=self._rate,
                head_ms=self._profile.head_ms,
                tail_ms=self._profile.tail_ms,
                workers=WORKERS,
                heard=before.add,
            )
            report = master(stitched, mastered, self._profile, key=self._tone, before=before)
            if report.frames != timeline.frames:
                raise BrokenPromise(
                    f"{final}: the master has {report.frames} frames, the timeline"
                    f" {timeline.frames}"
                )
            self._withdraw(stem)
            replace(mastered, final)
        return asdict(report), timeline, True

    def _withdraw(self, stem: str) -> None:
        """Takes the mark away before the audio under its name changes: a kill in between
        would leave it to speak for samples it never saw."""
        (self._folder / f"{stem}.json").unlink(missing_ok=True)

    def _remove_stale(self, number: int, stem: str) -> None:
        """Files of this chapter under an older title."""
        for mark in finished(self._folder, f"{number:02d}-*.json"):
            if mark.name.endswith(".timeline.json") or mark.stem == stem:
                continue
            found = read_mark(mark)
            mark.unlink(missing_ok=True)
            for name in found["files"] if found else ():
                (self._folder / name).unlink(missing_ok=True)


def chapter_stem(number: int, title: str) -> str:
    """File name of a chapter without suffix: ``03-the-quest``."""
    return f"{number:02d}-{safe_name(title)}"


def read_mark(path: Path, key: str = "") -> dict[str, Any] | None:
    """A chapter's mark, or None when there is none worth the name.

    Args:
        key: only a mark that holds it is parsed: a book of 300 chapters reads 300 marks 300 times.
    """
    if path.name.endswith(".timeline.json"):
        return None
    try:
        content = path.read_bytes()
        if key.encode() not in content:
            return None
        loaded = json.loads(content)
        loaded["master_key"], loaded["captions_key"], loaded["files"], loaded["master"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(loaded)


def _files(
    chapter: ChapterPlan, folder: Path, stem: str, mark: Mapping[str, Any], *, made: bool
) -> ChapterFiles:
    report = mark["master"]
    measured = {name: value for name, value in report.items() if isinstance(value, float)}
    return ChapterFiles(
        number=chapter.number,
        title=chapter.title,
        master_key=mark["master_key"],
        audio=folder / f"{stem}.flac",
        timeline=folder / f"{stem}.timeline.json",
        frames=int(report["frames"]),
        rate=int(report["rate"]),
        measured=measured,
        made=made,
    )
