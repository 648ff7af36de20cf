from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from mastering_sounds import speech

from audio import ffmpeg
from audio.measuring.frames import mp3_frames
from audio.measuring.measure import measure

HEADER = b"\xff\xfb\x90\xc4"  # MPEG 1, layer III, 128 kbit/s, 44.1 kHz, mono: 417 bytes
FRAME = HEADER + bytes(413)


def encoded(path: Path, samples: np.ndarray, *options: str) -> Path:
    arguments = ["-f", "s16le", "-ar", "44100", "-ac", "1", "-i", "pipe:0", *options]
    ffmpeg.run([*arguments, "-y", ffmpeg.url(path)], timeout_s=60, stdin=samples.tobytes())
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("frames") / "x.mp3"
    return encoded(path, speech(8, level_db=-21), "-b:a", "192k")


def test_frames_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(FRAME * 5)
    found = mp3_frames(path)
    assert (dict(found.bitrates), found.average_kbps, found.regular) == ({128: 5}, 128, True)
    tag = b"ID3\x03\x00\x00\x00\x00\x00\x7f" + bytes(127)
    path.write_bytes(tag + FRAME * 5 + b"TAG" + bytes(125))
    assert mp3_frames(path) == found


@pytest.mark.parametrize(
    ("content", "frames"),
    [
        (b"", 0),
        (b"no frame at all" * 99, 0),
        (FRAME * 3 + b"APETAGEX" + bytes(40), 3),  # something else at the end
        (FRAME * 3 + FRAME[:200], 4),  # cut
        (FRAME * 2 + bytes(5) + FRAME * 3, 5),  # a gap
        (FRAME * 3 + b"\xff\xfb\x94\xc4" + bytes(380), 4),  # another sample rate
    ],
)
def test_what_is_not_regular(tmp_path: Path, content: bytes, frames: int) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(content)
    found = mp3_frames(path)
    assert not found.regular
    assert sum(found.bitrates.values()) == frames


def test_a_real_file_counts_its_sound_only(good: Path) -> None:
    """8 s and the encoder's delay; the information frame is none of them."""
    found = mp3_frames(good)
    assert found.regular
    assert dict(found.bitrates) == {192: -(-(8 * 44100 + 1105) // 1152)}


def test_our_own_file_measures_the_same_in_this_process(good: Path) -> None:
    outside, inside = measure(good), measure(good, ours=True)
    assert inside.frames == outside.frames == 8 * 44100
    for field in dataclasses.fields(outside):
        theirs, ours = getattr(outside, field.name), getattr(inside, field.name)
        near = pytest.approx(theirs, abs=0.011) if isinstance(theirs, float) else theirs
        assert ours == near, field.name


@pytest.mark.parametrize("damage", ["gap", "zeros", "half", "short"])
def test_damage_is_found_in_our_own_files_too(good: Path, tmp_path: Path, damage: str) -> None:
    content = bytearray(good.read_bytes())
    if damage == "gap":
        del content[90_000:94_000]
    elif damage == "zeros":
        content[90_000:90_700] = bytes(700)
    elif damage == "half":
        del content[len(content) // 2 :]
    else:
        del content[-70_000:]
    path = tmp_path / "x.mp3"
    path.write_bytes(content)
    found = measure(path, ours=True)
    assert found == measure(path)
    assert found.promised_s == pytest.approx(8, abs=0.1)
    assert found.errors > 0 or found.duration_s < 6.5
