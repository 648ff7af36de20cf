from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mastering_sounds import BOOK, chapter

from audio import ffmpeg
from audio.packaging.metadata import (
    BookMetadata,
    ffmetadata,
    itunes_texts,
    metadata_json,
    safe_name,
)
from audio.packaging.sound import ChapterFile
from castbook.errors import BrokenPromise, StorageError


def test_metadata_json_has_every_field_of_the_book() -> None:
    chapters = [
        ChapterFile(Path("a"), "一", 44100, 44100),
        ChapterFile(Path("b"), "二", 22050, 44100),
    ]
    content = json.loads(metadata_json(BOOK, chapters))
    assert content["title"] == BOOK.title
    assert content["authors"] == ["Anna O'Neill"]
    assert content["narrators"] == ["espeak en-us, en-gb"]
    assert content["series"] == ["Lights #1; or = #2"]
    assert content["publishedYear"] == "1890"
    assert content["description"] == "Line one\nline two; = # \\\n\nThe narration is synthetic."
    assert content["tags"] == ["Synthetic narration"]
    assert content["isbn"] == "9780000000000"
    assert content["language"] == "zh-CN"
    assert content["chapters"] == [
        {"id": 0, "start": 0.0, "end": 1.0, "title": "一"},
        {"id": 1, "start": 1.0, "end": 1.5, "title": "二"},
    ]


def test_a_bare_book_says_nothing_it_does_not_know() -> None:
    content = json.loads(metadata_json(BookMetadata(title="T", author="A")))
    assert content["narrators"] == content["series"] == content["tags"] == []
    assert content["description"] is None
    assert set(itunes_texts(BookMetadata(title="T", author="A"))) == {
        *("©nam", "©alb", "©ART", "aART", "©gen")
    }


def test_languages_have_three_letters() -> None:
    assert [dataclasses.replace(BOOK, language=c).language3 for c in ("en-GB", "zh", "xx")] == [
        "eng",
        "zho",
        "und",
    ]


# what can stand in a title: everything but surrogates; control characters are dropped
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)


@settings(max_examples=25, deadline=None)
@given(TEXT, TEXT)
@example("a=b;c#d\\e\nf", ";[CHAPTER]\n#=\\")
@example("ends with \\", " spaces ")
def test_ffmpeg_reads_back_what_was_written(title: str, name: str) -> None:
    text = ffmetadata({"title": title, "album": name})
    arguments = ["-f", "ffmetadata", "-i", "pipe:0", "-f", "ffmetadata", "-"]
    output = ffmpeg.run(arguments, timeout_s=60, stdin=text.encode())
    back = output.stdout.decode()
    found = [
        re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        for value in re.findall(
            r"^(?:title|album)=((?:\\.|[^\\\n])*)$", back, re.MULTILINE | re.DOTALL
        )
    ]
    assert [text for text in found if text] == [t for t in (shown(title), shown(name)) if t]


def shown(text: str) -> str:
    """What a tag can hold of ``text``."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in lines if c == "\n" or unicodedata.category(c) != "Cc")
    return f"{kept} " if kept.endswith("\\") else kept


def test_pcm_is_what_the_master_holds(tmp_path: Path) -> None:
    import soundfile

    one = chapter(tmp_path, "x", 3.0)
    samples, _ = soundfile.read(one.path, dtype="int16")
    assert b"".join(one.pcm()) == samples.astype("<i2").tobytes()


def test_a_master_of_another_length_or_rate_is_noticed(tmp_path: Path) -> None:
    one = chapter(tmp_path, "x")
    with pytest.raises(BrokenPromise, match="44100 frames where 44101 were promised"):
        list(dataclasses.replace(one, frames=44101).pcm())
    with pytest.raises(BrokenPromise, match="44100 Hz"):
        list(dataclasses.replace(one, rate=24000).pcm())


def test_a_damaged_master_is_named(tmp_path: Path) -> None:
    one = chapter(tmp_path, "x")
    one.path.write_bytes(one.path.read_bytes()[:100])
    with pytest.raises((StorageError, BrokenPromise), match=re.escape(one.path.name)):
        list(one.pcm())
    with pytest.raises(StorageError, match="delete it and run the same command again"):
        list(dataclasses.replace(one, path=tmp_path / "none.flac").pcm())


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("狂人日记", "狂人日记"),
        ("What is Life?", "What is Life"),
        ("A/B: C\\D", "A-B - C-D"),
        ("  ..hidden. .", "hidden"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Console", "Console"),
        ("???", "untitled"),
        ("", "untitled"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("Cafe\u0301", "Café"),
        ("line\nbreak\ttab", "line break tab"),
        ("-rf", "rf"),
    ],
)
def test_names_of_files(title: str, name: str) -> None:
    assert safe_name(title) == name


@given(st.text(max_size=300), st.integers(20, 200))
@example("con", 20)
@example("字" * 100, 20)
def test_every_title_gives_a_name_that_every_system_takes(title: str, limit: int) -> None:
    name = safe_name(title, limit)
    assert 0 < len(name.encode("utf-8")) <= limit
    assert not set(name) & set('/\\:*?"<>|\0\n\r\t')
    assert all(unicodedata.category(c) not in ("Cc", "Cs") for c in name)
    assert name == name.strip()
    assert not name.startswith((".", "-"))
    assert not name.endswith(".")
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)
    assert safe_name(name, limit) == name
