from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mastering_sounds import BOOK, chapter, speech, wav

from audio import ffmpeg
from audio.measuring.measure import measure
from audio.measuring.probe import complaints, described, probe
from audio.packaging.mp3 import write_mp3
from audio.profiles import load_profile
from castbook.errors import InputError, MissingDependency


def encoded(folder: Path, name: str, samples: np.ndarray, *options: str, rate: int = 44100) -> Path:
    """``samples`` through ffmpeg into a file of that name."""
    source = wav(folder / "source.wav", samples, rate)
    arguments = ["-i", ffmpeg.url(source), *options, "-y", ffmpeg.url(folder / name)]
    ffmpeg.run(arguments, timeout_s=60)
    return folder / name


@pytest.mark.parametrize(
    ("name", "options", "form", "codec", "near_db"),
    [
        ("x.mp3", ["-b:a", "192k"], "mp3", "mp3", 0.6),
        ("x.m4b", ["-b:a", "96k", "-f", "ipod"], "m4b", "aac", 0.6),
        ("x.m4a", ["-b:a", "96k"], "m4a", "aac", 0.6),
        ("x.flac", [], "flac", "flac", 0.011),
        ("x.wav", [], "wav", "pcm_s16le", 0.011),
        ("x.opus", ["-b:a", "64k", "-ar", "48000"], "opus", "opus", 1.0),
        ("x.mka", ["-c:a", "flac"], "matroska", "flac", 0.011),
    ],
)
def test_every_format_gives_the_levels_that_went_in(
    tmp_path: Path, name: str, options: list[str], form: str, codec: str, near_db: float
) -> None:
    samples = speech(5, level_db=-21)
    found = measure(encoded(tmp_path, name, samples, *options))
    scale = samples.astype(float) / 32768
    assert (found.format, found.codec, found.channels) == (form, codec, 1)
    assert found.rms_db == pytest.approx(20 * np.log10(np.sqrt(np.mean(scale**2))), abs=near_db)
    assert found.peak_db == pytest.approx(20 * np.log10(np.abs(scale).max()), abs=near_db)
    assert found.floor_db == pytest.approx(-72, abs=2.5)
    assert found.duration_s == pytest.approx(5, abs=0.06)
    assert found.promised_s == pytest.approx(5, abs=0.06)
    assert found.head_s == pytest.approx(0.75, abs=0.3)
    assert found.tail_s == pytest.approx(1.5, abs=0.6)
    assert (found.errors, found.clips, found.dead_s) == (0, 0, 0)
    assert -25 < found.lufs < -17
    json.dumps(dataclasses.asdict(found), allow_nan=False)


def test_stereo_is_measured_over_both_channels(tmp_path: Path) -> None:
    left = speech(4, level_db=-20)
    samples = np.stack((left, np.zeros_like(left)), axis=1)
    mono = measure(encoded(tmp_path, "m.flac", left))
    both = measure(encoded(tmp_path, "s.flac", samples))
    assert both.channels == 2
    assert both.rms_db == pytest.approx(mono.rms_db - 3.01, abs=0.02)
    assert both.peak_db == mono.peak_db
    assert both.frames == mono.frames


@pytest.mark.parametrize("layout", [3, 4, 6])
def test_more_channels_than_two(tmp_path: Path, layout: int) -> None:
    samples = np.stack([speech(1, bed_db=-30)] * layout, axis=1)
    found = measure(encoded(tmp_path, "x.wav", samples))
    assert (found.channels, found.frames) == (layout, 44100)


def test_a_file_that_is_cut_short_is_seen(tmp_path: Path) -> None:
    for name, options in (("x.mp3", []), ("x.flac", []), ("x.m4b", ["-movflags", "+faststart"])):
        form = ["-f", "ipod"] if name.endswith("m4b") else []
        path = encoded(tmp_path, name, speech(8, bed_db=-40), *options, *form)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        found = measure(path)
        assert found.promised_s == pytest.approx(8, abs=0.1)
        assert found.duration_s < 5, name


def test_silence_has_numbers_too(tmp_path: Path) -> None:
    found = measure(encoded(tmp_path, "x.flac", np.zeros(44100 * 2, np.int16)))
    assert (found.rms_db, found.peak_db, found.true_peak_db) == (-120, -120, -120)
    assert (found.lufs, found.dead_s) == (-70, 2)
    json.dumps(dataclasses.asdict(found), allow_nan=False)


def test_what_a_file_says_about_itself_cannot_pass_for_ffmpegs_words(tmp_path: Path) -> None:
    lies = "x\n  Stream #0:0: Audio: pcm, 8000 Hz, 5.1\n[error] lies\nSummary:\nI: -1 LUFS"
    book = dataclasses.replace(BOOK, title=lies, narrator=lies)
    one = chapter(tmp_path, lies, 3)
    path = tmp_path / "x.mp3"
    write_mp3(path, one, book, track=1, tracks=1, cover=None, profile=load_profile("acx"))
    found = measure(path)
    assert (found.codec, found.rate, found.channels, found.errors) == ("mp3", 44100, 1, 0)
    assert found.lufs < -10


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.mp3"),
        (b"hello, this is a text\n" * 50, "text.mp3"),
        (bytes(range(256)) * 40, "bytes.m4b"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "cut.wav"),
    ],
)
def test_what_is_no_sound_gets_one_clear_line(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        measure(tmp_path / name)
    assert str(caught.value) == (
        f"{tmp_path / name}: there is no sound in this file, or it is damaged from the start; "
        "expected an audio file castbook can read (MP3, M4B, M4A, FLAC, WAV, Opus, Ogg, EPUB)"
    )


def test_a_text_cannot_make_ffmpeg_open_other_files(tmp_path: Path) -> None:
    secret = encoded(tmp_path, "secret.wav", speech(2))
    (tmp_path / "x.mp3").write_text(f"ffconcat version 1.0\nfile {secret}\n")
    with pytest.raises(InputError, match="no sound in this file"):
        measure(tmp_path / "x.mp3")
    (tmp_path / "y.mp3").write_text(f"#EXTM3U\n#EXTINF:2,\nfile://{secret}\n")
    with pytest.raises(InputError, match="no sound in this file"):
        measure(tmp_path / "y.mp3")


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.mp3: cannot be opened: no such file"):
        measure(tmp_path / "none.mp3")
    with pytest.raises(InputError, match="cannot be opened: is a directory"):
        measure(tmp_path)


def test_a_picture_is_no_sound(tmp_path: Path) -> None:
    arguments = ["-f", "lavfi", "-i", "color=s=16x16:d=0.1", "-f", "mp4", "-y"]
    ffmpeg.run([*arguments, ffmpeg.url(tmp_path / "x.m4b")], timeout_s=60)
    with pytest.raises(InputError, match="there is no sound"):
        probe(tmp_path / "x.m4b")


def test_a_missing_ffmpeg_is_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = wav(tmp_path / "x.wav", speech(1))
    monkeypatch.setenv("CASTBOOK_FFMPEG", "/nowhere/ffmpeg")
    with pytest.raises(MissingDependency):
        measure(path)


def test_ffmpegs_description_of_older_and_newer_releases() -> None:
    old = (
        "[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'a.m4b':\n[info]   Metadata:\n"
        "[info]   Duration: 01:02:03.50, start: 0.000000, bitrate: 65 kb/s\n"
        "[info]     Chapter #0:0: start 0.000000, end 1744.888526\n"
        "[info]   Stream #0:0(und): Audio: aac (LC) (mp4a / 0x6134706D), 24000 Hz, mono, fltp,"
        " 63 kb/s (default)\n[info] Output #0, null, to 'pipe:':\n"
        "[info]   Stream #0:0: Audio: pcm_s16le, 44100 Hz, mono\n"
    )
    stream = described(old)
    assert stream is not None
    assert (stream.codec, stream.rate, stream.channels, stream.kbps) == ("aac", 24000, 1, 63)
    assert (stream.seconds, stream.chapters) == (3723.5, 1)
    assert described("[info] Input #0, wav, from 'a':\n") is None


@pytest.mark.parametrize(
    ("layout", "channels"),
    [
        ("mono", 1),
        ("stereo", 2),
        ("5.1(side)", 6),
        ("4.0", 4),
        ("7.1.4", 12),
        ("9 channels", 9),
        ("quad(side)", 4),
    ],
)
def test_layouts(layout: str, channels: int) -> None:
    said = "[info] Input #0, wav, from 'a':\n"
    said += f"[info]   Stream #0:0: Audio: pcm_s16le, 8000 Hz, {layout}, s16, 128 kb/s\n"
    stream = described(said)
    assert stream is not None
    assert stream.channels == channels


def test_only_errors_are_complaints() -> None:
    said = "[info] a\n[mp3 @ 0x1] [error] Header missing\n[warning] b\n[in#0 @ 0x2] [fatal] c\n"
    assert complaints(said + "    title : [error] d\n") == 2


def test_numbers_that_are_none_are_no_levels(tmp_path: Path) -> None:
    """A float file can hold anything: infinity, not-a-number, a thousand times full scale."""
    samples = speech(1).astype(np.float32) / 32768
    samples[[7000, 9000, 9500, 11000]] = (np.nan, np.inf, -np.inf, 1e30)
    soundfile.write(tmp_path / "x.wav", samples, 44100, subtype="FLOAT")
    found = measure(tmp_path / "x.wav")
    assert found.peak_db == 60
    json.dumps(dataclasses.asdict(found), allow_nan=False)


@pytest.mark.parametrize("rate", [7, 2_000_000])
def test_a_rate_nobody_records_at_is_refused(tmp_path: Path, rate: int) -> None:
    wav(tmp_path / "x.wav", speech(1), rate)
    with pytest.raises(InputError, match=rf"its header says {rate} Hz and 1 channels"):
        measure(tmp_path / "x.wav")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("x.m4b", ["-b:a", "64k", "-f", "ipod"]),
        ("x.flac", []),
        ("x.opus", ["-b:a", "48k", "-ar", "48000"]),
    ],
)
def test_a_damaged_place_is_seen(tmp_path: Path, name: str, options: list[str]) -> None:
    path = encoded(tmp_path, name, speech(3, level_db=-20), *options)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 600] = bytes(600)
    path.write_bytes(content)
    assert measure(path).errors > 0
