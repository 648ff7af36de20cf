"""What a chapter's lines and its timeline make of a read-along book, captions and lyrics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pysubs2
import pytest
from lines import chapter_plan

from audio.timeline import Cue, Timeline
from book.manuscript import Slice
from book.script import PauseReason, Segment
from castbook.errors import StorageError
from tasks.assemble import ChapterFiles
from tasks.plan import Line
from tasks.readalong import book_captions, chapter_lyrics, read_along

RATE = 44100
TEXTS = ("One", "“Come. Go on, then,”", "he said.", "“Yes”", "“—no”", "The end.")
PLACES = ((0, 3), (5, 24), (25, 33), (35, 40), (40, 45), (58, 66))
ENDS: tuple[PauseReason, ...] = ("title", "speaker", "paragraph", "speaker", "scene", "end")


def chapter(folder: Path, number: int) -> tuple[ChapterFiles, tuple[Line, ...]]:
    """Cues of one second with half a second between them; the second has word times."""
    lines = []
    for line, place, end in zip(chapter_plan(number, TEXTS).lines, PLACES, ENDS, strict=True):
        changes: dict[str, object] = {"slices": (Slice(0, *place),), "pause_reason": end}
        if line.segment.printed.startswith("“"):
            changes |= {"kind": "speech", "speaker": "tom"}
        if end == "end":
            changes |= {"language": "de"}
        segment: Segment = replace(line.segment, **changes)  # type: ignore[arg-type]
        lines.append(replace(line, segment=segment))
    at, cues = RATE // 2, []
    for line in lines:
        segment = line.segment
        spans = ((1, 5), (7, 9), (10, 12), (14, 18)) if segment.number == 2 else ()
        words = tuple((a, b, at + 100 * a) for a, b in spans)
        name = "Tom" if segment.speaker else "Narrator"
        text, kind = segment.printed, segment.kind
        cues.append(Cue(str(segment.anchor), at, at + RATE, name, text, kind, words))
        at += RATE * 3 // 2
    timeline = folder / f"{number:02d}.timeline.json"
    timeline.write_bytes(Timeline(RATE, at, tuple(cues)).to_json())
    files = ChapterFiles(number, f"Part {number}", "", folder / "a", timeline, at, RATE, {}, True)
    return files, tuple(lines)


def test_paragraphs_scenes_and_sentences_are_those_of_the_print(tmp_path: Path) -> None:
    files, lines = chapter(tmp_path, 1)
    cues = read_along(files, lines, "en").read()
    rows = [(c.text, c.paragraph, c.scene, c.character, c.joined) for c in cues]
    assert rows == [
        ("One", 0, 0, "", False),
        ("“Come.", 1, 0, "tom", False),  # cut where a word begins, at its frame
        ("Go on, then,”", 1, 0, "tom", False),
        ("he said.", 1, 0, "", False),
        ("“Yes”", 2, 0, "tom", False),
        ("“—no”", 2, 0, "tom", True),  # nothing is printed between them
        ("The end.", 3, 1, "", False),
    ]
    assert cues[2].start_frame == cues[1].end_frame == RATE * 2 + 700
    assert {c.speaker for c in cues} == {"", "Tom"}
    assert [c.language for c in cues] == [""] * 6 + ["de"]


def test_captions_of_a_book_are_those_of_its_chapters_in_a_row(tmp_path: Path) -> None:
    chapters = [chapter(tmp_path, number)[0] for number in (1, 2)]
    texts = book_captions(chapters, "Book", disclosure="All synthetic.")
    assert set(texts) == {"vtt", "srt", "words.vtt"}
    for form in ("vtt", "srt"):
        read = pysubs2.SSAFile.from_string(texts[form], format_=form)
        starts = [500 + 1500 * n for n in range(6)]
        second = 9500
        assert [e.start for e in read] == [*starts, *(second + start for start in starts)]
        assert [e.plaintext.replace("</v>", "") for e in read] == [*TEXTS, *TEXTS]
    assert "NOTE All synthetic." in texts["vtt"] and "<v Tom>“Yes”</v>" in texts["vtt"]
    assert "<c>“Come.</c> <00:00:02.015><c>Go</c> " in texts["words.vtt"]


def test_lyrics_of_a_part_begin_with_the_part(tmp_path: Path) -> None:
    files, _ = chapter(tmp_path, 1)
    whole = chapter_lyrics(files, artist="A", album="B", disclosure="All synthetic.")
    assert "[ti:Part 1]\n[ar:A]\n[al:B]\n" in whole and "[#:All synthetic.]" in whole
    assert "[00:05.000]“Yes”" in whole
    part = chapter_lyrics(files, title="2 of 2", start=RATE * 19 // 4, head=RATE)
    assert "[ti:2 of 2]" in part and "[length:00:05]" in part
    assert "he said." not in part and "[00:01.250]“Yes”" in part


def test_a_damaged_timeline_is_one_line(tmp_path: Path) -> None:
    files, lines = chapter(tmp_path, 1)
    files.timeline.write_text("{")
    with pytest.raises(StorageError, match="a stored timeline is damaged"):
        read_along(files, lines)
