"""The whole book as Opus, a chapter as FLAC."""

from __future__ import annotations

import base64
import dataclasses
from fractions import Fraction
from pathlib import Path

import mutagen.flac
import mutagen.oggopus
import numpy as np
import pytest
import soundfile
from book_readers import READERS
from mastering_sounds import BOOK, chapter, fake_ffmpeg, picture, speech, wav

from audio import ffmpeg
from audio.packaging.flac import write_flac
from audio.packaging.opus import MOST_CHAPTERS, chapter_tags, short_list, write_opus
from audio.packaging.sound import ChapterFile
from audio.profiles import load_profile
from castbook.errors import BrokenPromise, ProjectError, StorageError

HOME = load_profile("audiobookshelf")
TITLES = ["第一章 灯塔", 'a; b = c # d \\ "e"', "O'Neill’s 🔦\nlines"]
FIELDS = {
    "title": BOOK.title,
    "subtitle": "A story",
    "album": BOOK.title,
    "artist": "Anna O'Neill",
    "albumartist": "Anna O'Neill",
    "composer": "espeak en-us, en-gb",
    "performer": "espeak en-us, en-gb",
    "date": "1890",
    "genre": "Mystery; Sea",
    "publisher": "Castbook Press",
    "language": "zho",
    "isbn": "9780000000000",
    "grouping": "Lights #1; or = #2",
    "series": "Lights #1; or =",
    "series-part": "2",
    "description": "Line one\nline two; = # \\\n\nThe narration is synthetic.",
}
# libavformat gives two of them names of its own
ALIASES = {"albumartist": "album_artist", "description": "comment", "tracknumber": "track"}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ChapterFile], Path]:
    folder = tmp_path_factory.mktemp("opus; it's")
    chapters = [chapter(folder, t, 0.9 + 0.7 * n, seed=n + 1) for n, t in enumerate(TITLES)]
    cover = picture(folder / "c.png")
    write_opus(folder / "书.opus", chapters, BOOK, cover=cover, profile=HOME)
    return folder / "书.opus", chapters, cover


def starts(chapters: list[ChapterFile]) -> list[int]:
    """In whole milliseconds."""
    frames = np.cumsum([0, *(c.frames for c in chapters)])[:-1]
    return [round(1000 * int(n) / 44100) for n in frames]


def test_opus_has_every_field(book: tuple[Path, list[ChapterFile], Path]) -> None:
    tags = mutagen.oggopus.OggOpus(book[0]).tags
    assert {name: tags[name] for name in FIELDS} == {k: [v] for k, v in FIELDS.items()}
    block = mutagen.flac.Picture(base64.b64decode(tags["metadata_block_picture"][0]))
    assert (block.type, block.mime, block.data) == (3, "image/png", book[2].read_bytes())
    assert [tags[f"chapter{n:03d}name"] for n in (1, 2, 3)] == [[t] for t in TITLES]
    written = [f"00:00:{s // 1000:02d}.{s % 1000:03d}" for s in starts(book[1])]
    assert [tags[f"chapter{n:03d}"][0] for n in (1, 2, 3)] == written


@pytest.mark.parametrize("read", READERS)
def test_opus_for_a_second_reader(book: tuple[Path, list[ChapterFile], Path], read: object) -> None:
    found = read(book[0])  # type: ignore[operator]
    wanted = {ALIASES.get(name, name): value for name, value in FIELDS.items()}
    assert {name: found.tags.get(name) for name in wanted} == wanted
    assert found.chapters == [
        (title, Fraction(s, 1000)) for title, s in zip(TITLES, starts(book[1]), strict=True)
    ]
    assert found.cover


def test_opus_is_in_place_and_the_same_again(
    book: tuple[Path, list[ChapterFile], Path], tmp_path: Path
) -> None:
    write_opus(tmp_path / "b.opus", book[1], BOOK, cover=book[2], profile=HOME)
    assert (tmp_path / "b.opus").read_bytes() == book[0].read_bytes()
    arguments = ["-i", ffmpeg.url(book[0]), "-map", "0:a:0", "-ar", "44100", "-f", "s16le"]
    decoded = np.frombuffer(ffmpeg.run([*arguments, "pipe:1"], timeout_s=60).stdout, "<i2")
    wanted = np.frombuffer(b"".join(b for c in book[1] for b in c.pcm()), "<i2").astype(float)
    assert abs(len(decoded) - len(wanted)) <= 2
    middle = wanted[10000:-10000]
    near = range(-90, 91)  # 2 ms
    likeness = [float(np.dot(middle, decoded[10000 + s :][: len(middle)])) for s in near]
    assert abs(near[int(np.argmax(likeness))]) <= 20


def test_long_books_are_marked_as_far_as_three_digits_go() -> None:
    one = ChapterFile(Path("x"), "t", 36 * 44100 + 22, 44100)
    tags = chapter_tags([one] * 1001, 44100)
    assert len(tags) == 2 * MOST_CHAPTERS == 2 * 999
    assert tags["CHAPTER999"] == "09:58:48.498"  # 998 × (36 s + 22 / 44,100 s)
    assert short_list(999) is None
    assert "first 999 of 1001" in str(short_list(1001))


def test_flac_is_the_master(tmp_path: Path) -> None:
    one, cover = chapter(tmp_path, TITLES[1], 1.0), picture(tmp_path / "c.jpg", "jpeg")
    for name in ("a.flac", "b.flac"):
        write_flac(tmp_path / name, one, BOOK, track=3, tracks=20, cover=cover)
    assert (tmp_path / "a.flac").read_bytes() == (tmp_path / "b.flac").read_bytes()
    samples, rate = soundfile.read(tmp_path / "a.flac", dtype="int16")
    assert (rate, samples.tobytes()) == (44100, b"".join(one.pcm()))
    found = mutagen.flac.FLAC(tmp_path / "a.flac")
    wanted = {**FIELDS, "title": TITLES[1], "tracknumber": "3", "tracktotal": "20"}
    assert {name: found[name] for name in wanted} == {k: [v] for k, v in wanted.items()}
    assert found.info.md5_signature
    assert [(p.type, p.mime, p.data) for p in found.pictures] == [
        (3, "image/jpeg", cover.read_bytes())
    ]
    for read in READERS:
        tags = read(tmp_path / "a.flac").tags
        named = {ALIASES.get(name, name): value for name, value in wanted.items()}
        assert {name: tags.get(name) for name in named} == named


def test_bare_books_and_other_rates(tmp_path: Path) -> None:
    bare = dataclasses.replace(BOOK, series=None, description=None, publisher=None)
    path = wav(tmp_path / "m.flac", speech(0.3, 24000), 24000)
    one = ChapterFile(path, "x", 7200, 24000)
    write_flac(tmp_path / "x.flac", one, bare, track=1, tracks=1, cover=None)
    write_opus(tmp_path / "x.opus", [one], bare, cover=None, profile=HOME, gain_db=-3)
    for name, reader in (("x.flac", mutagen.flac.FLAC), ("x.opus", mutagen.oggopus.OggOpus)):
        found = reader(tmp_path / name)
        assert found["description"] == ["The narration is synthetic."]
        assert not {"series", "series-part", "grouping", "publisher"} & {k.lower() for k in found}


def test_faults_leave_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = chapter(tmp_path, "x", 0.3)
    (tmp_path / "x.opus").write_bytes(b"old")
    (tmp_path / "x.flac").write_bytes(b"old")
    (tmp_path / "bad.png").write_bytes(b"GIF89a")

    def both(chapter: ChapterFile, cover: Path | None, kind: type[Exception]) -> None:
        with pytest.raises(kind):
            write_opus(tmp_path / "x.opus", [chapter], BOOK, cover=cover, profile=HOME)
        with pytest.raises(kind):
            write_flac(tmp_path / "x.flac", chapter, BOOK, track=1, tracks=1, cover=cover)

    both(one, tmp_path / "bad.png", ProjectError)
    both(dataclasses.replace(one, path=tmp_path / "gone.flac"), None, StorageError)
    both(dataclasses.replace(one, frames=one.frames + 1), None, BrokenPromise)
    script = "cat > /dev/null; echo No space left on device >&2; exit 1"
    monkeypatch.setenv("CASTBOOK_FFMPEG", fake_ffmpeg(tmp_path, script))
    both(one, None, StorageError)
    assert (tmp_path / "x.opus").read_bytes() == (tmp_path / "x.flac").read_bytes() == b"old"
    assert not list(tmp_path.glob(".tmp-*"))
