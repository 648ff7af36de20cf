"""Long chapters in parts and the retail sample: stretches of masters with room tone around them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import pytest
from lines import chapter_plan

from audio.packaging.metadata import BookMetadata
from audio.profiles import Profile, load_profile
from audio.timeline import Cue, Timeline
from book.script import PauseReason
from castbook.errors import StorageError
from tasks.assemble import ChapterFiles
from tasks.plan import ChapterPlan
from tasks.publication.bookfiles import Blueprint
from tasks.publication.chapterfiles import lyric_files, tracks
from tasks.publication.layout import lay_out
from tasks.publication.sections import sample_of, sections_of

RATE = 8000
PIECE = 10 * RATE  # frames of a cue and the pause behind it
PROFILE = dataclasses.replace(load_profile("acx"), max_minutes=1, sample_min_s=20, sample_max_s=40)


def chapter(
    folder: Path, number: int, pieces: int, pauses: dict[int, PauseReason] | None = None
) -> tuple[ChapterFiles, ChapterPlan]:
    """A chapter of 10 s pieces without a master: nothing here listens to it."""
    plan = chapter_plan(number, [f"Piece {n}." for n in range(pieces)])
    lines = tuple(
        dataclasses.replace(
            line,
            segment=dataclasses.replace(
                line.segment, pause_reason=(pauses or {}).get(n, "sentence")
            ),
        )
        for n, line in enumerate(plan.lines)
    )
    cues = tuple(
        Cue(str(n), n * PIECE + RATE, (n + 1) * PIECE - RATE, "N", f"Piece {n}.", "narration")
        for n in range(pieces)
    )
    timeline = folder / f"{number}.timeline.json"
    timeline.write_bytes(Timeline(RATE, pieces * PIECE, cues).to_json())
    files = ChapterFiles(
        number=number,
        title=f"Chapter {number}",
        master_key=f"key {number}",
        audio=folder / f"{number}.flac",
        timeline=timeline,
        frames=pieces * PIECE,
        rate=RATE,
        measured={},
        made=False,
    )
    return files, ChapterPlan(number, files.title, lines)


def test_a_short_chapter_is_one_file(tmp_path: Path) -> None:
    files, plan = chapter(tmp_path, 1, 5)
    files.timeline.unlink()  # nobody needs it
    (whole,) = sections_of(files, plan, PROFILE)
    assert (whole.start, whole.end, whole.sound.title) == (0, files.frames, "Chapter 1")
    assert whole.sound.frames == files.frames


def test_a_long_chapter_is_split_at_a_paragraph(tmp_path: Path) -> None:
    files, plan = chapter(tmp_path, 1, 10, {4: "paragraph", 7: "paragraph"})
    parts = sections_of(files, plan, PROFILE)
    assert [part.sound.title for part in parts] == ["Chapter 1 (1/2)", "Chapter 1 (2/2)"]
    assert parts[0].end == 5 * PIECE - RATE
    assert parts[1].start == 5 * PIECE + RATE
    for part in parts:
        assert part.sound.frames <= 60 * RATE
        assert part.head + part.end - part.start + part.tail == part.sound.frames
    head, tail = PROFILE.head_ms * RATE // 1000, PROFILE.tail_ms * RATE // 1000
    assert [(part.head, part.tail) for part in parts] == [(0, tail), (head, 0)]


def test_the_sample_is_a_stretch_of_the_story(tmp_path: Path) -> None:
    pairs = [chapter(tmp_path, n, 6, {2: "paragraph"}) for n in (1, 2)]
    files, plans = [f for f, _ in pairs], {p.number: p for _, p in pairs}
    sample = sample_of(files, plans, PROFILE, "Book")
    assert sample is not None
    assert sample.files is files[0]
    assert (sample.start, sample.end) == (RATE, 3 * PIECE - RATE)
    assert sample.sound.title == "Book - sample"
    assert 20 * RATE <= sample.sound.frames <= 40 * RATE

    def asked(**changes: object) -> object:
        profile: Profile = dataclasses.replace(PROFILE, **changes)  # type: ignore[arg-type]
        return sample_of(files, plans, profile, "Book")

    assert asked(sample_min_s=None, sample_max_s=None) is None
    assert asked(sample_min_s=300, sample_max_s=600) is None  # the book is too short for one


def test_tracks_count_over_the_whole_book(tmp_path: Path) -> None:
    """A chapter that is missing counts as one: finishing it changes no tags of the others."""
    pairs = [chapter(tmp_path, n, 10 if n == 1 else 2, {4: "paragraph"}) for n in range(4)]
    plans = {plan.number: plan for _, plan in pairs}

    def numbers(finished: list[int]) -> list[tuple[str, tuple[int, int]]]:
        files = tuple(f for f, _ in pairs if f.number in finished)
        book = Blueprint(
            out=tmp_path,
            profile=PROFILE,
            outputs=("mp3",),
            chapters=files,
            plans=plans,
            metadata=BookMetadata(title="T", author="A"),
            picture=None,
            layout=lay_out(BookMetadata(title="T", author="A"), finished=len(files), total=4),
            encodings=cast(Any, None),
        )
        return [(section.sound.title, track) for section, track in tracks(book)]

    whole = numbers([0, 1, 2, 3])
    assert whole == [
        ("Chapter 0", (1, 5)),
        ("Chapter 1 (1/2)", (2, 5)),
        ("Chapter 1 (2/2)", (3, 5)),
        ("Chapter 2", (4, 5)),
        ("Chapter 3", (5, 5)),
    ]
    assert numbers([0, 1, 3]) == [row for row in whole if row[0] != "Chapter 2"]


def test_lyrics_lie_beside_mp3_files_or_nowhere(tmp_path: Path) -> None:
    files, plan = chapter(tmp_path, 1, 10, {4: "paragraph"})
    metadata = BookMetadata(title="T", author="A")
    book = Blueprint(
        out=tmp_path / "out",
        profile=PROFILE,
        outputs=("mp3", "captions"),
        chapters=(files,),
        plans={1: plan},
        metadata=metadata,
        picture=None,
        layout=lay_out(metadata, finished=1, total=1),
        encodings=cast(Any, None),
    )
    names = [file.path.name for file in lyric_files(book)]
    assert names == ["01 - Chapter 1 (1-2).lrc", "01 - Chapter 1 (2-2).lrc"]
    assert not list(lyric_files(dataclasses.replace(book, outputs=("m4b", "captions"))))


def test_a_damaged_timeline_is_said(tmp_path: Path) -> None:
    files, plan = chapter(tmp_path, 1, 10)
    files.timeline.write_text("{")
    with pytest.raises(StorageError, match="damaged"):
        sections_of(files, plan, PROFILE)
