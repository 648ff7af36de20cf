from __future__ import annotations

import dataclasses
import os
import threading
import time
from pathlib import Path

import mutagen.mp4
import numpy as np
import pytest
from mastering_sounds import BOOK, chapter, fake_ffmpeg, picture, speech, wav

from audio import ffmpeg
from audio.measuring.measure import measure
from audio.packaging.m4b import write_m4b
from audio.packaging.sound import ChapterFile
from audio.profiles import load_profile
from castbook.errors import BrokenPromise, CastbookError, ProjectError, StorageError

ACX = load_profile("acx")
TITLES = ["第一章 灯塔", 'a; b = c # d \\ "e"', "O'Neill’s\nlines", "ends with a backslash \\ "]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ChapterFile], Path]:
    folder = tmp_path_factory.mktemp("it's a; #book")
    chapters = [
        chapter(folder, title, 0.5 + 0.333 * n, seed=n + 1) for n, title in enumerate(TITLES)
    ]
    cover = picture(folder / "co%03dver's.png")
    write_m4b(folder / "书 - it's; done.m4b", chapters, BOOK, cover=cover, profile=ACX)
    return folder / "书 - it's; done.m4b", chapters, cover


def test_tags_are_read_back_by_another_reader(book: tuple[Path, list[ChapterFile], Path]) -> None:
    tags = mutagen.mp4.MP4(book[0]).tags
    assert tags is not None
    assert tags["\xa9nam"] == tags["\xa9alb"] == [BOOK.title]
    assert tags["\xa9ART"] == tags["aART"] == ["Anna O'Neill"]
    assert tags["\xa9wrt"] == ["espeak en-us, en-gb"]
    assert tags["\xa9day"] == ["1890"]
    assert tags["\xa9gen"] == ["Mystery; Sea"]
    assert tags["\xa9grp"] == ["Lights #1; or = #2"]
    assert (tags["tvsh"], tags["tven"]) == (["Lights #1; or ="], ["2"])
    assert tags["desc"] == tags["ldes"] == ["Line one\nline two; = # \\ "]
    assert tags["\xa9cmt"] == ["The narration is synthetic."]
    assert tags["stik"] == [2]


def test_chapters_stand_at_sums_of_frames(book: tuple[Path, list[ChapterFile], Path]) -> None:
    read = mutagen.mp4.MP4(book[0]).chapters
    assert [c.title for c in read] == TITLES
    starts = np.cumsum([0, *(c.frames for c in book[1])]) / 44100
    assert [c.start for c in read] == pytest.approx(list(starts[:-1]), abs=1e-6)
    assert measure(book[0]).chapters == len(TITLES)


def test_the_cover_is_the_picture(book: tuple[Path, list[ChapterFile], Path]) -> None:
    covers = mutagen.mp4.MP4(book[0]).tags["covr"]
    assert [bytes(c) for c in covers] == [book[2].read_bytes()]
    assert covers[0].imageformat == mutagen.mp4.MP4Cover.FORMAT_PNG


def test_the_sound_is_all_there_and_in_place(book: tuple[Path, list[ChapterFile], Path]) -> None:
    path, chapters, _ = book
    wanted = np.frombuffer(b"".join(b for c in chapters for b in c.pcm()), "<i2").astype(float)
    arguments = ["-i", ffmpeg.url(path), "-map", "0:a:0", "-f", "s16le", "pipe:1"]
    decoded = np.frombuffer(ffmpeg.run(arguments, timeout_s=60).stdout, "<i2").astype(float)
    assert abs(len(decoded) - len(wanted)) <= 44  # 1 ms: MP4 times count milliseconds
    shifts = range(-50, 51)
    middle = wanted[10000:-10000]
    likeness = [float(np.dot(middle, decoded[10000 + s :][: len(middle)])) for s in shifts]
    assert abs(shifts[int(np.argmax(likeness))]) <= 2  # frames


def test_mp4_details(book: tuple[Path, list[ChapterFile], Path]) -> None:
    content = book[0].read_bytes()
    assert content[4:12] == b"ftypM4A "
    assert content.index(b"moov") < content.index(b"mdat")  # plays before it is all there
    assert b"chpl" in content
    assert b"Lavf" not in content
    info = mutagen.mp4.MP4(book[0]).info
    assert (info.sample_rate, info.channels, info.codec) == (44100, 1, "mp4a.40.2")


def test_again_and_elsewhere_are_the_same_bytes(
    book: tuple[Path, list[ChapterFile], Path], tmp_path: Path
) -> None:
    path, chapters, cover = book
    write_m4b(tmp_path / "other.m4b", chapters, BOOK, cover=cover, profile=ACX)
    assert (tmp_path / "other.m4b").read_bytes() == path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["other.m4b"]


def test_three_hundred_chapters(tmp_path: Path) -> None:
    samples = speech(3.0, 8000 * 2, bed_db=-30)
    pieces = []
    for n in range(300):
        path = wav(tmp_path / f"{n}.flac", samples[n : n + 800], 16000)
        pieces.append(ChapterFile(path, f"第 {n + 1} 章", 800, 16000))
    write_m4b(tmp_path / "b.m4b", pieces, BOOK, cover=None, profile=ACX)
    assert measure(tmp_path / "b.m4b").chapters == 300
    nero = mutagen.mp4.MP4(tmp_path / "b.m4b").chapters  # the list that holds 255 at most
    assert [c.title for c in nero] == [f"第 {n + 1} 章" for n in range(255)]
    listing = ffmpeg.run(
        ["-i", ffmpeg.url(tmp_path / "b.m4b"), "-f", "ffmetadata", "-"], timeout_s=60
    ).stdout.decode()
    assert "title=第 300 章" in listing


def test_a_jpeg_cover_and_another_language(tmp_path: Path) -> None:
    cover = picture(tmp_path / "c.jpg", "jpeg")
    plain = dataclasses.replace(BOOK, language="en", series=None, genres=())
    one = chapter(tmp_path, "One", 0.4)
    write_m4b(tmp_path / "b.m4b", [one], plain, cover=cover, profile=ACX)
    tags = mutagen.mp4.MP4(tmp_path / "b.m4b").tags
    assert tags["covr"][0].imageformat == mutagen.mp4.MP4Cover.FORMAT_JPEG
    assert tags["\xa9gen"] == ["Audiobook"]
    assert "tvsh" not in tags
    assert "tven" not in tags


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: picture(p, "gif"), "the cover is a GIF picture; expected a JPEG or PNG"),
        (lambda p: p.write_bytes(b"RIFF\0\0\0\0WEBP"), "the cover is a WebP picture"),
        (lambda p: p.write_text("hello"), "no picture that castbook knows"),
        (lambda p: None, "the cover cannot be read"),
        (
            lambda p: p.write_bytes(picture(p).read_bytes()[:-20]),
            "the cover is a PNG that is cut short",
        ),
    ],
)
def test_a_cover_no_player_shows_is_refused(tmp_path: Path, make: object, words: str) -> None:
    make(tmp_path / "cover.png")  # type: ignore[operator]
    one = chapter(tmp_path, "One", 0.2)
    with pytest.raises(ProjectError, match=words):
        write_m4b(tmp_path / "b.m4b", [one], BOOK, cover=tmp_path / "cover.png", profile=ACX)
    assert not (tmp_path / "b.m4b").exists()


def test_chapters_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    one, other = chapter(tmp_path, "a", 0.2), chapter(tmp_path, "b", 0.2, rate=24000)
    for chapters, words in (
        ([one, other], r"rates \[24000, 44100\]"),
        ([], "0 chapters"),
        ([one, dataclasses.replace(one, frames=0, title="none")], "without a sample: none"),
    ):
        with pytest.raises(BrokenPromise, match=words):
            write_m4b(tmp_path / "b.m4b", chapters, BOOK, cover=None, profile=ACX)
    assert not list(tmp_path.glob("*.m4b"))


def test_a_damaged_master_leaves_the_old_book_whole(tmp_path: Path) -> None:
    good, bad = chapter(tmp_path, "a", 0.5, seed=1), chapter(tmp_path, "b", 0.5, seed=2)
    (tmp_path / "b.m4b").write_bytes(b"the old book")
    bad.path.write_bytes(b"fLaC" + bytes(50))
    with pytest.raises(StorageError, match=bad.path.name):
        write_m4b(tmp_path / "b.m4b", [good, bad], BOOK, cover=None, profile=ACX)
    assert (tmp_path / "b.m4b").read_bytes() == b"the old book"
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_full_disk_leaves_the_old_book_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = chapter(tmp_path, "a", 0.5)
    (tmp_path / "b.m4b").write_bytes(b"the old book")
    script = 'for last; do :; done; head -c 5000 /dev/zero > "${last#file:}"\n'
    script += "echo 'Error writing trailer: No space left on device' >&2; exit 228"
    monkeypatch.setenv("CASTBOOK_FFMPEG", fake_ffmpeg(tmp_path, script))
    with pytest.raises(StorageError, match="free some space"):
        write_m4b(tmp_path / "b.m4b", [one], BOOK, cover=None, profile=ACX)
    assert (tmp_path / "b.m4b").read_bytes() == b"the old book"
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_killed_encoder_leaves_the_old_book_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real encoder, killed as soon as its temporary file has grown."""
    one = chapter(tmp_path, "a", 20.0)
    (tmp_path / "b.m4b").write_bytes(b"the old book")
    real = ffmpeg.program()
    script = f'echo $$ > {tmp_path}/pid; exec {real} "$@"'
    monkeypatch.setenv("CASTBOOK_FFMPEG", fake_ffmpeg(tmp_path, script))

    def kill() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if any(p.stat().st_size for p in tmp_path.glob(".tmp-*.m4b")):
                os.kill(int((tmp_path / "pid").read_text()), 9)
                return
            threading.Event().wait(0.001)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(CastbookError, match="signal 9"):
        write_m4b(tmp_path / "b.m4b", [one] * 20, BOOK, cover=None, profile=ACX)
    killer.join()
    assert (tmp_path / "b.m4b").read_bytes() == b"the old book"
    assert not list(tmp_path.glob(".tmp-*"))
