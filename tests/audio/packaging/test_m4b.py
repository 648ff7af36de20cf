from __future__ import annotations

import dataclasses
import errno
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import mutagen.mp4
import numpy as np
import pytest
from book_readers import READERS
from mastering_sounds import BOOK, picture, speech, wav

from audio import ffmpeg
from audio.packaging.aac import BLOCK, Stream, encode_aac
from audio.packaging.boxes import movie
from audio.packaging.contents import prove
from audio.packaging.m4b import short_list, write_m4b
from audio.packaging.mp4 import NERO_MOST, Chapter, _Tables
from audio.packaging.sound import ChapterFile
from audio.profiles import load_profile
from castbook.errors import BrokenPromise, CastbookError, ProjectError, StorageError

ACX = load_profile("acx")
TITLES = ["第一章 灯塔", 'a; b = c # d \\ "e"', "O'Neill’s 🔦\nlines", "ends with a backslash \\"]
Made = tuple[Path, list[ChapterFile], list[Path], Path]


@dataclasses.dataclass(frozen=True)
class Silence:
    """A chapter of digital silence that lies on no disk."""

    title: str
    frames: int
    rate: int

    def pcm(self) -> Iterator[bytes]:
        for at in range(0, self.frames, BLOCK * 64):
            yield bytes(2 * min(BLOCK * 64, self.frames - at))


def part(folder: Path, title: str, blocks: int, seed: int = 1) -> ChapterFile:
    """A master of whole AAC blocks."""
    samples = speech(blocks * BLOCK / 44100, seed=seed)
    path = wav(folder / f"master-{seed}-{blocks}.flac", samples)
    return ChapterFile(path, title, len(samples), 44100)


def encode(chapters: Sequence[ChapterFile]) -> list[Path]:
    for chapter in chapters:
        encode_aac(chapter.path.with_suffix(".aac"), chapter, ACX)
    return [chapter.path.with_suffix(".aac") for chapter in chapters]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("it's a; #book")
    chapters = [part(folder, title, 20 + 15 * n, seed=n + 1) for n, title in enumerate(TITLES)]
    encoded = encode(chapters)
    cover = picture(folder / "co%03dver's.png")
    path = folder / "书 - it's; done.m4b"
    write_m4b(path, chapters, encoded, BOOK, cover=cover)
    return path, chapters, encoded, cover


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[ChapterFile], list[Path]]:
    """Two short chapters without anything special."""
    folder = tmp_path_factory.mktemp("two")
    chapters = [part(folder, "One", 12), part(folder, "Two", 13)]
    return chapters, encode(chapters)


def test_tags_are_read_back_by_another_reader(book: Made) -> None:
    tags = mutagen.mp4.MP4(book[0]).tags
    assert tags is not None
    assert tags["\xa9nam"] == tags["\xa9alb"] == [BOOK.title]
    assert tags["\xa9ART"] == tags["aART"] == ["Anna O'Neill"]
    assert tags["\xa9wrt"] == ["espeak en-us, en-gb"]
    assert tags["\xa9day"] == ["1890"]
    assert tags["\xa9gen"] == ["Mystery; Sea"]
    assert tags["\xa9grp"] == ["Lights #1; or = #2"]
    assert (tags["tvsh"], tags["tven"]) == (["Lights #1; or ="], ["2"])
    assert tags["desc"] == tags["ldes"] == ["Line one\nline two; = # \\"]
    assert tags["\xa9cmt"] == ["The narration is synthetic."]
    assert tags["stik"] == [2]


@pytest.mark.parametrize("read", READERS)
def test_a_second_reader_reads_the_same(book: Made, read: object) -> None:
    found = read(book[0])  # type: ignore[operator]
    wanted = {
        "title": BOOK.title,
        "album": BOOK.title,
        "artist": "Anna O'Neill",
        "album_artist": "Anna O'Neill",
        "composer": "espeak en-us, en-gb",
        "date": "1890",
        "genre": "Mystery; Sea",
        "grouping": "Lights #1; or = #2",
        "show": "Lights #1; or =",
        "episode_id": "2",
        "description": "Line one\nline two; = # \\",
        "synopsis": "Line one\nline two; = # \\",
        "comment": "The narration is synthetic.",
        "media_type": "2",
        "language": "zho",
    }
    assert {name: found.tags.get(name) for name in wanted} == wanted
    starts = np.cumsum([0, *(c.frames for c in book[1])])[:-1]
    assert found.chapters == [
        (title, Fraction(int(start), 44100)) for title, start in zip(TITLES, starts, strict=True)
    ]
    assert found.cover
    assert found.seconds == pytest.approx(sum(c.frames for c in book[1]) / 44100, abs=1e-4)


def test_chapters_stand_at_sums_of_frames_in_the_short_list_too(book: Made) -> None:
    read = mutagen.mp4.MP4(book[0]).chapters
    assert [c.title for c in read] == TITLES
    starts = np.cumsum([0, *(c.frames for c in book[1])]) / 44100
    assert [c.start for c in read] == pytest.approx(list(starts[:-1]), abs=1e-6)


def test_the_cover_is_the_picture(book: Made) -> None:
    covers = mutagen.mp4.MP4(book[0]).tags["covr"]
    assert [bytes(c) for c in covers] == [book[3].read_bytes()]
    assert covers[0].imageformat == mutagen.mp4.MP4Cover.FORMAT_PNG


def test_the_sound_is_all_there_and_in_place(book: Made) -> None:
    path, chapters, *_ = book
    wanted = np.frombuffer(b"".join(b for c in chapters for b in c.pcm()), "<i2").astype(float)
    arguments = ["-i", ffmpeg.url(path), "-map", "0:a:0", "-f", "s16le", "pipe:1"]
    decoded = np.frombuffer(ffmpeg.run(arguments, timeout_s=60).stdout, "<i2").astype(float)
    assert len(decoded) == len(wanted)
    middle = wanted[10000:-10000]
    likeness = [float(np.dot(middle, decoded[10000 + s :][: len(middle)])) for s in range(-9, 10)]
    assert int(np.argmax(likeness)) == 9


def test_mp4_details(book: Made) -> None:
    content = book[0].read_bytes()
    assert content[4:12] == b"ftypM4A "
    assert content.index(b"moov") < content.index(b"mdat")  # plays before it is all there
    assert b"chpl" in content
    assert b"Lavf" not in content
    info = mutagen.mp4.MP4(book[0]).info
    assert (info.sample_rate, info.codec) == (44100, "mp4a.40.2")


def test_again_and_elsewhere_are_the_same_bytes(book: Made, tmp_path: Path) -> None:
    path, chapters, encoded, cover = book
    write_m4b(tmp_path / "other.m4b", chapters, encoded, BOOK, cover=cover)
    assert (tmp_path / "other.m4b").read_bytes() == path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["other.m4b"]


def test_three_hundred_chapters_of_ten_hours(tmp_path: Path) -> None:
    """At 8 kHz, to be quick: the same packets in every chapter, which are 120 s long."""
    one = Silence("", BLOCK * 938, 8000)
    encode_aac(tmp_path / "one.aac", one, ACX)
    chapters = [dataclasses.replace(one, title=f"第 {n + 1} 章") for n in range(300)]
    path = tmp_path / "b.m4b"
    write_m4b(path, chapters, [tmp_path / "one.aac"] * 300, BOOK, cover=None)
    exact = [(c.title, Fraction(n * one.frames, 8000)) for n, c in enumerate(chapters)]
    assert exact[-1][1] > 35_800
    for read in READERS:
        found = read(path)
        assert found.chapters == exact
        assert found.seconds == pytest.approx(300 * one.frames / 8000, abs=1e-4)
    nero = mutagen.mp4.MP4(path).chapters  # the list that holds 255 at most
    assert [c.title for c in nero] == [title for title, _ in exact[:NERO_MOST]]
    assert [c.start for c in nero] == pytest.approx([float(t) for _, t in exact[:255]], abs=1e-6)


def test_a_long_book_is_told_about_its_short_list() -> None:
    assert short_list(NERO_MOST) is None
    assert "300 chapters" in str(short_list(300)) and "first 255" in str(short_list(300))


def test_a_jpeg_cover_and_another_language(
    two: tuple[list[ChapterFile], list[Path]], tmp_path: Path
) -> None:
    cover = picture(tmp_path / "c.jpg", "jpeg")
    plain = dataclasses.replace(BOOK, language="en", series=None, genres=())
    write_m4b(tmp_path / "b.m4b", two[0], two[1], plain, cover=cover)
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
    one, cover = Silence("One", BLOCK, 44100), tmp_path / "cover.png"
    with pytest.raises(ProjectError, match=words):
        write_m4b(tmp_path / "b.m4b", [one], [tmp_path / "x"], BOOK, cover=cover)
    assert not (tmp_path / "b.m4b").exists()


def test_chapters_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    one, other = Silence("a", BLOCK, 44100), Silence("b", BLOCK, 24000)
    for chapters, words in (
        ([one, other], r"rates \[24000, 44100\]"),
        ([], "0 chapters"),
        ([one, dataclasses.replace(one, frames=0, title="none")], "without a sample: none"),
        ([one] * 3, "2 encoded files for 3 chapters"),
    ):
        with pytest.raises(BrokenPromise, match=words):
            write_m4b(tmp_path / "b.m4b", chapters, [tmp_path / "x"] * 2, BOOK, cover=None)
    assert not list(tmp_path.glob("*.m4b"))


def refused(
    folder: Path, chapters: Sequence[ChapterFile], encoded: Sequence[Path]
) -> CastbookError:
    """The error of a book that cannot be written; the old one is whole, nothing else is left."""
    (folder / "b.m4b").write_bytes(b"the old book")
    with pytest.raises(CastbookError) as caught:
        write_m4b(folder / "b.m4b", chapters, encoded, BOOK, cover=None)
    assert (folder / "b.m4b").read_bytes() == b"the old book"
    assert not list(folder.glob(".tmp-*"))
    return caught.value


def test_a_damaged_chapter_is_named(
    two: tuple[list[ChapterFile], list[Path]], tmp_path: Path
) -> None:
    (good, _), (first, second) = two[0], two[1]
    wrong = refused(tmp_path, two[0], [second, second])
    assert isinstance(wrong, StorageError)
    assert f"{second}: 14 AAC packets where One has 13; delete" in str(wrong)
    bad = tmp_path / "bad.aac"
    bad.write_bytes(first.read_bytes()[:-700])
    assert isinstance(refused(tmp_path, [good], [bad]), StorageError)
    bad.write_bytes(b"")
    assert refused(tmp_path, [good], [bad])
    assert isinstance(refused(tmp_path, [good], [tmp_path / "gone.aac"]), StorageError)


def test_a_full_disk_leaves_the_old_book_whole(
    two: tuple[list[ChapterFile], list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(stream: Stream) -> Iterator[bytes]:
        yield bytes(1000)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Stream, "bodies", full)
    error = refused(tmp_path, *two)
    assert isinstance(error, StorageError) and "free some space" in str(error)


def at(content: bytes, name: bytes, place: int) -> int:
    """Where ``place`` bytes behind a box's name lie."""
    return content.index(name) + len(name) + place


LIES = {
    "a wrong byte in a packet": (lambda c: len(c) - 100, "packets"),
    "another place": (lambda c: at(c, b"stco", 10), "packets|end"),
    "another size of a packet": (lambda c: at(c, b"stsz", 15), "packets"),
    "packets that last longer": (lambda c: at(c, b"stts", 14), "tables"),
    "nothing left out at the start": (lambda c: at(c, b"elst", 14), "tables"),
    "another length": (lambda c: at(c, b"elst", 11), "tables"),
    "another clock": (lambda c: at(c, b"mdhd", 15), "tables"),
    "another clock of the film": (lambda c: at(c, b"mvhd", 15), "tables"),
    "another title": (lambda c: c.rindex(b"Two"), "chapters"),
    "another start of a chapter": (lambda c: c.rindex(b"stts") + 15, "chapters"),
    "no titles at all": (lambda c: at(c, b"tref", 7), "chapters"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_would_play_something_else_is_noticed(
    two: tuple[list[ChapterFile], list[Path]], tmp_path: Path, lie: str
) -> None:
    path, stream = tmp_path / "b.m4b", Stream.of(two[1])
    write_m4b(path, *two, BOOK, cover=None)
    titles = [(chapter.title, chapter.frames) for chapter in two[0]]
    prove(path, stream, 44100, titles)
    where, word = LIES[lie]
    content = bytearray(path.read_bytes())
    content[where(bytes(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(BrokenPromise, match=word):
        prove(path, stream, 44100, titles)


def test_a_file_cut_short_is_noticed(
    two: tuple[list[ChapterFile], list[Path]], tmp_path: Path
) -> None:
    path = tmp_path / "b.m4b"
    write_m4b(path, *two, BOOK, cover=None)
    content = path.read_bytes()
    for size, word in ((len(content) - 1, "behind its end"), (40, "no whole MP4"), (0, "no whole")):
        path.write_bytes(content[:size])
        with pytest.raises(BrokenPromise, match=word):
            prove(path, Stream.of(two[1]), 44100)


def test_a_file_of_more_than_four_gigabytes(tmp_path: Path) -> None:
    """Only its tables are looked at: places beyond 32 bits, and lengths, too."""
    sizes = np.full(4_300_001, 1100, np.uint32)
    stream = Stream((), sizes, b"\x12\x08", 1)
    chapters = (Chapter("One", 2_150_000 * BLOCK), Chapter("Two", 2_150_000 * BLOCK))
    tables = _Tables(stream, 44100, "eng", chapters, ())
    content = tables.movie(1 << 20, True)
    (tmp_path / "x").write_bytes(content)
    found = movie(tmp_path / "x")
    sound, names = found.tracks
    frames = (len(sizes) - 1) * BLOCK
    assert (found.clock, sound.clock, sound.played, sound.skipped) == (44100, 44100, frames, BLOCK)
    assert frames > 1 << 32
    assert sound.chunks[0] == (names.chunks[0][0] + names.chunks[0][1], 128 * 1100)
    assert sound.chunks[-1][0] + sound.chunks[-1][1] == sound.chunks[0][0] + 1100 * len(sizes)
    assert names.lengths == ((2, frames // 2),)


@pytest.mark.parametrize("packets", [1, 2, 127, 128, 129, 255, 256, 257])
def test_the_chunks_are_all_packets_in_a_row(tmp_path: Path, packets: int) -> None:
    sizes = np.arange(1, packets + 1, dtype=np.uint32)
    tables = _Tables(Stream((), sizes, b"\x12\x08", 1), 44100, "eng", (), ())
    (tmp_path / "x").write_bytes(tables.movie(1000, False))
    (sound,) = movie(tmp_path / "x").tracks
    ends = [place + size for place, size in sound.chunks]
    assert [place for place, _ in sound.chunks] == [1000, *ends[:-1]]
    assert ends[-1] == 1000 + int(sizes.sum())
    assert len(ends) == -(-packets // 128)


def test_the_tables_of_what_is_no_film(tmp_path: Path) -> None:
    for content in (b"", b"moov", bytes(100), b"\0\0\0\x08moov", b"\xff" * 64):
        (tmp_path / "x").write_bytes(content)
        assert movie(tmp_path / "x").tracks == ()
    large = b"\0\0\0\1mdat" + (24).to_bytes(8, "big") + b"12345678"  # the form for over 4 GB
    box = b"\0\0\0\x1ctkhd" + bytes(12) + b"\0\0\0\7" + bytes(4)
    film = (16 + len(box)).to_bytes(4, "big") + b"moov" + (8 + len(box)).to_bytes(4, "big")
    (tmp_path / "x").write_bytes(large + film + b"trak" + box)
    (track,) = movie(tmp_path / "x").tracks
    assert (track.identity, track.packets, track.chunks) == (7, 0, ())
