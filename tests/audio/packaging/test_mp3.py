from __future__ import annotations

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import mutagen.id3
import mutagen.mp3
import numpy as np
import pytest
from book_readers import READERS
from mastering_sounds import BOOK, chapter, fake_ffmpeg, picture, speech, wav

from audio import ffmpeg
from audio.measuring.frames import mp3_frames
from audio.packaging.mp3 import write_mp3, write_mp3_book
from audio.packaging.sound import ChapterFile
from audio.profiles import load_profile
from castbook.errors import BrokenPromise, StorageError

ACX = load_profile("acx")
TITLE = "第一章; = # \\ “x” 🔦"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ChapterFile, Path]:
    folder = tmp_path_factory.mktemp("mp3")
    one = chapter(folder, TITLE, 3.0)
    cover = picture(folder / "c.jpg", "jpeg")
    write_mp3(folder / "一.mp3", one, BOOK, track=3, tracks=20, cover=cover, profile=ACX)
    return folder / "一.mp3", one, cover


def test_tags_are_read_back_by_another_reader(made: tuple[Path, ChapterFile, Path]) -> None:
    tags = mutagen.mp3.MP3(made[0]).tags
    assert tags.version == (2, 3, 0)
    wanted = {
        "TIT2": made[1].title,
        "TIT3": "A story",
        "TALB": BOOK.title,
        "TPE1": "Anna O'Neill",
        "TPE2": "Anna O'Neill",
        "TCOM": "espeak en-us, en-gb",
        "TRCK": "3/20",
        "TPUB": "Castbook Press",
        "TLAN": "zho",
        "TIT1": "Lights #1; or = #2",
        "TCON": "Mystery; Sea",
        "TDRC": "1890",
        "TXXX:series": "Lights #1; or =",
        "TXXX:series-part": "2",
        "TXXX:isbn": "9780000000000",
        "COMM::zho": "The narration is synthetic.",
        "COMM:description:zho": "Line one\nline two; = # \\",
    }
    assert {key: str(tags[key].text[0]) for key in wanted} == wanted
    assert tags["APIC:Cover"].data == made[2].read_bytes()
    assert (tags["APIC:Cover"].mime, tags["APIC:Cover"].type) == ("image/jpeg", 3)
    assert tags["CTOC:toc"].child_element_ids == ["ch0"]


@pytest.mark.parametrize("read", READERS)
def test_a_second_reader_reads_the_same(made: tuple[Path, ChapterFile, Path], read: object) -> None:
    found = read(made[0])  # type: ignore[operator]
    wanted = {
        "title": made[1].title,
        "tit3": "A story",
        "album": BOOK.title,
        "artist": "Anna O'Neill",
        "album_artist": "Anna O'Neill",
        "composer": "espeak en-us, en-gb",
        "track": "3/20",
        "publisher": "Castbook Press",
        "language": "zho",
        "grouping": "Lights #1; or = #2",
        "genre": "Mystery; Sea",
        "date": "1890",
        "series": "Lights #1; or =",
        "series-part": "2",
        "isbn": "9780000000000",
        "comment": "The narration is synthetic.",
        "description": "Line one\nline two; = # \\",
    }
    assert {name: found.tags.get(name) for name in wanted} == wanted
    assert found.cover
    assert found.chapters == [(TITLE, 0)]


def test_the_bitrate_is_constant(made: tuple[Path, ChapterFile, Path]) -> None:
    info = mutagen.mp3.MP3(made[0]).info
    assert info.bitrate_mode == mutagen.mp3.BitrateMode.CBR
    assert info.bitrate == pytest.approx(192_000, abs=10)  # it divides size by time
    assert (info.sample_rate, info.channels) == (44100, 1)
    found = mp3_frames(made[0]).bitrates
    assert set(found) == {192}
    assert sum(found.values()) == pytest.approx(made[1].frames / 1152, abs=3)


def test_every_sample_comes_back_in_place(made: tuple[Path, ChapterFile, Path]) -> None:
    wanted = np.frombuffer(b"".join(made[1].pcm()), "<i2").astype(float)
    decoded = samples(made[0])
    assert len(decoded) == len(wanted)
    assert np.corrcoef(wanted, decoded)[0, 1] > 0.999


def samples(path: Path) -> np.ndarray:
    arguments = ["-i", ffmpeg.url(path), "-map", "0:a:0", "-f", "s16le", "pipe:1"]
    return np.frombuffer(ffmpeg.run(arguments, timeout_s=60).stdout, "<i2").astype(float)


def test_parallel_and_again_are_the_same_bytes(
    made: tuple[Path, ChapterFile, Path], tmp_path: Path
) -> None:
    def write(n: int) -> bytes:
        path, how = tmp_path / f"{n}.mp3", {"track": 3, "tracks": 20, "cover": made[2]}
        write_mp3(path, made[1], BOOK, profile=ACX, **how)
        return path.read_bytes()

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(write, range(2))) == {made[0].read_bytes()}
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".mp3"] * 2


def test_a_gain_is_heard(made: tuple[Path, ChapterFile, Path], tmp_path: Path) -> None:
    write_mp3(
        tmp_path / "x.mp3", made[1], BOOK, track=1, tracks=1, cover=None, profile=ACX, gain_db=-2.5
    )
    power = [np.mean(samples(p) ** 2) for p in (tmp_path / "x.mp3", made[0])]
    assert 10 * np.log10(power[0] / power[1]) == pytest.approx(-2.5, abs=0.02)
    chapters = mutagen.id3.ID3(tmp_path / "x.mp3").getall("CHAP")
    assert [(c.start_time, c.end_time, str(c.sub_frames["TIT2"])) for c in chapters] == [
        (0, 3000, TITLE)
    ]


def test_a_book_of_three_hundred_chapters(tmp_path: Path) -> None:
    """A table of contents counts in one byte: theirs are two of at most 255 below one."""
    path = wav(tmp_path / "a.flac", speech(0.05, 16000, bed_db=-30), 16000)
    chapters = [ChapterFile(path, f"第 {n + 1} 章", 800, 16000) for n in range(300)]
    write_mp3_book(tmp_path / "b.mp3", chapters, BOOK, cover=None, profile=ACX)
    tags = mutagen.id3.ID3(tmp_path / "b.mp3")
    assert str(tags["TIT2"]) == str(tags["TALB"]) == BOOK.title
    top = tags["CTOC:toc"]
    assert top.flags == mutagen.id3.CTOCFlags.TOP_LEVEL | mutagen.id3.CTOCFlags.ORDERED
    assert top.child_element_ids == ["toc1", "toc2"]
    below = [tags[f"CTOC:{name}"] for name in top.child_element_ids]
    assert [len(table.child_element_ids) for table in below] == [255, 45]
    assert all(table.flags == mutagen.id3.CTOCFlags.ORDERED for table in below)
    listed = [tags[f"CHAP:{name}"] for table in below for name in table.child_element_ids]
    exact = [(c.title, Fraction(50 * n, 1000)) for n, c in enumerate(chapters)]
    assert [(str(c.sub_frames["TIT2"]), Fraction(c.start_time, 1000)) for c in listed] == exact
    assert all(a.end_time == b.start_time for a, b in itertools.pairwise(listed))
    for read in READERS:
        assert read(tmp_path / "b.mp3").chapters == exact
    assert len(samples(tmp_path / "b.mp3")) == 300 * 800


@pytest.mark.parametrize(("rate", "kbps"), [(24000, 160), (48000, 192)])
def test_each_rate_gets_the_most_it_can_hold(tmp_path: Path, rate: int, kbps: int) -> None:
    one = chapter(tmp_path, "x", 0.3, rate)
    write_mp3(tmp_path / "x.mp3", one, BOOK, track=1, tracks=1, cover=None, profile=ACX)
    assert set(mp3_frames(tmp_path / "x.mp3").bitrates) == {kbps}
    assert mutagen.mp3.MP3(tmp_path / "x.mp3").info.sample_rate == rate


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("echo No space left on device >&2; exit 1", StorageError, "free some"),
        # another ffmpeg that pads tags in another way
        (
            'for last; do :; done; printf "ID3abcdefghijk" > "${last#file:}"',
            BrokenPromise,
            "left no room",
        ),
    ],
)
def test_a_fault_leaves_the_old_file_whole(
    made: tuple[Path, ChapterFile, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    kind: type[Exception],
    words: str,
) -> None:
    (tmp_path / "x.mp3").write_bytes(b"old")
    monkeypatch.setenv("CASTBOOK_FFMPEG", fake_ffmpeg(tmp_path, script))
    with pytest.raises(kind, match=words):
        write_mp3(tmp_path / "x.mp3", made[1], BOOK, track=1, tracks=1, cover=None, profile=ACX)
    assert (tmp_path / "x.mp3").read_bytes() == b"old"
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_bare_book_has_no_empty_tags(tmp_path: Path) -> None:
    bare = dataclasses.replace(
        BOOK,
        subtitle=None,
        series=None,
        publisher=None,
        year=None,
        isbn=None,
        description=None,
        disclosure=None,
        narrator="",
    )
    one = chapter(tmp_path, "x", 0.3)
    write_mp3(tmp_path / "x.mp3", one, bare, track=1, tracks=1, cover=None, profile=ACX)
    tags = mutagen.mp3.MP3(tmp_path / "x.mp3").tags
    expected = ["CHAP:ch0", "CTOC:toc", "TALB", "TCON", "TIT2", "TLAN", "TPE1", "TPE2", "TRCK"]
    assert sorted(tags) == expected
