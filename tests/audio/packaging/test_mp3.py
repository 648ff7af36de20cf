from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mutagen.mp3
import numpy as np
import pytest
from mastering_sounds import BOOK, chapter, fake_ffmpeg, picture

from audio import ffmpeg
from audio.packaging.mp3 import bitrates, write_mp3
from audio.packaging.sound import ChapterFile
from audio.profiles import load_profile
from castbook.errors import StorageError

ACX = load_profile("acx")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ChapterFile, Path]:
    folder = tmp_path_factory.mktemp("mp3")
    one = chapter(folder, "第一章; = # \\ “x”", 3.0)
    cover = picture(folder / "c.jpg", "jpeg")
    write_mp3(folder / "一.mp3", one, BOOK, track=3, tracks=20, cover=cover, profile=ACX)
    return folder / "一.mp3", one, cover


def test_tags_are_read_back_by_another_reader(made: tuple[Path, ChapterFile, Path]) -> None:
    tags = mutagen.mp3.MP3(made[0]).tags
    assert tags.version == (2, 3, 0)
    wanted = {
        "TIT2": made[1].title,
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
        "TXXX:comment": "The narration is synthetic.",
    }
    assert {key: str(tags[key].text[0]) for key in wanted} == wanted
    assert tags["APIC:Cover"].data == made[2].read_bytes()
    assert (tags["APIC:Cover"].mime, tags["APIC:Cover"].type) == ("image/jpeg", 3)


def test_the_bitrate_is_constant(made: tuple[Path, ChapterFile, Path]) -> None:
    info = mutagen.mp3.MP3(made[0]).info
    assert info.bitrate_mode == mutagen.mp3.BitrateMode.CBR
    assert info.bitrate == pytest.approx(192_000, abs=10)  # it divides size by time
    assert (info.sample_rate, info.channels) == (44100, 1)
    found = bitrates(made[0])
    assert set(found) == {192}
    assert sum(found.values()) == pytest.approx(made[1].frames / 1152, abs=3)


def test_every_sample_comes_back_in_place(made: tuple[Path, ChapterFile, Path]) -> None:
    wanted = np.frombuffer(b"".join(made[1].pcm()), "<i2").astype(float)
    arguments = ["-i", ffmpeg.url(made[0]), "-map", "0:a:0", "-f", "s16le", "pipe:1"]
    decoded = np.frombuffer(ffmpeg.run(arguments, timeout_s=60).stdout, "<i2").astype(float)
    assert len(decoded) == len(wanted)
    assert np.corrcoef(wanted, decoded)[0, 1] > 0.999


def test_parallel_and_again_are_the_same_bytes(
    made: tuple[Path, ChapterFile, Path], tmp_path: Path
) -> None:
    def write(n: int) -> bytes:
        path = tmp_path / f"{n}.mp3"
        write_mp3(path, made[1], BOOK, track=3, tracks=20, cover=made[2], profile=ACX)
        return path.read_bytes()

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(write, range(4))) == {made[0].read_bytes()}
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".mp3"] * 4


@pytest.mark.parametrize(("rate", "kbps"), [(16000, 160), (24000, 160), (32000, 192), (48000, 192)])
def test_each_rate_gets_the_most_it_can_hold(tmp_path: Path, rate: int, kbps: int) -> None:
    one = chapter(tmp_path, "x", 0.5, rate)
    write_mp3(tmp_path / "x.mp3", one, BOOK, track=1, tracks=1, cover=None, profile=ACX)
    assert set(bitrates(tmp_path / "x.mp3")) == {kbps}
    assert mutagen.mp3.MP3(tmp_path / "x.mp3").info.sample_rate == rate


def test_a_variable_bitrate_is_seen(tmp_path: Path) -> None:
    one = chapter(tmp_path, "x", 4.0)
    arguments = ["-i", ffmpeg.url(one.path), "-c:a", "libmp3lame", "-q:a", "4", "-y"]
    ffmpeg.run([*arguments, ffmpeg.url(tmp_path / "v.mp3")], timeout_s=60)
    assert len(bitrates(tmp_path / "v.mp3")) > 1


def test_junk_between_frames_is_stepped_over(
    made: tuple[Path, ChapterFile, Path], tmp_path: Path
) -> None:
    content = made[0].read_bytes()
    clean = bitrates(made[0])
    (tmp_path / "j.mp3").write_bytes(b"\xff\xfb\x90\x00junk" + content[-60_000:] + b"\xff" * 300)
    found = bitrates(tmp_path / "j.mp3")
    assert set(found) == {192}
    (tmp_path / "tagged.mp3").write_bytes(content + b"TAG" + bytes(125))
    assert bitrates(tmp_path / "tagged.mp3") == clean


@pytest.mark.parametrize("content", [b"", b"ID3", b"\xff" * 5000, b"fLaC" + bytes(999)])
def test_what_is_no_mp3_has_no_bitrate(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mp3").write_bytes(content)
    assert not bitrates(tmp_path / "x.mp3")


def test_a_fault_leaves_the_old_file_whole(
    made: tuple[Path, ChapterFile, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.mp3").write_bytes(b"old")
    script = "cat > /dev/null; echo No space left on device >&2; exit 1"
    monkeypatch.setenv("CASTBOOK_FFMPEG", fake_ffmpeg(tmp_path, script))
    with pytest.raises(StorageError):
        write_mp3(tmp_path / "x.mp3", made[1], BOOK, track=1, tracks=1, cover=None, profile=ACX)
    assert (tmp_path / "x.mp3").read_bytes() == b"old"
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_bare_book_has_no_empty_tags(tmp_path: Path) -> None:
    bare = dataclasses.replace(
        BOOK, series=None, publisher=None, year=None, disclosure=None, narrator=""
    )
    one = chapter(tmp_path, "x", 0.3)
    write_mp3(tmp_path / "x.mp3", one, bare, track=1, tracks=1, cover=None, profile=ACX)
    tags = mutagen.mp3.MP3(tmp_path / "x.mp3").tags
    assert sorted(tags) == ["TALB", "TCON", "TIT2", "TLAN", "TPE1", "TPE2", "TRCK"]
