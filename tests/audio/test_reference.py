"""Reference clips from files nobody vouches for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_takes import babble, silence

from audio import ffmpeg
from audio.reference import MOST_BYTES, read_reference, sniff
from castbook.errors import VoiceError

RATE = 24000
NOISE = np.random.default_rng(3).bytes(5000)


def spoken(seconds: float = 4.0, rate: int = RATE, *, level: float = 0.3) -> np.ndarray:
    """Babble with pauses in it, and one at the end."""
    parts = [np.concatenate((babble(0.7, rate, seed=n), silence(0.15, rate))) for n in range(5)]
    whole = np.resize(np.concatenate(parts), round(seconds * rate))
    whole[-rate // 10 :] = 0
    return np.rint(whole * (level / 0.2)).astype(np.int16)


def clip(path: Path, samples: np.ndarray, rate: int = RATE, **how: str) -> Path:
    soundfile.write(path, samples, rate, **how)
    return path


def refused(path: Path) -> str:
    with pytest.raises(VoiceError) as caught:
        read_reference(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_formats_are_told_by_content_not_by_name(tmp_path: Path, suffix: str) -> None:
    real = clip(tmp_path / f"clip.{suffix}", spoken())
    misnamed = real.rename(tmp_path / "clip.dat")
    read = read_reference(misnamed)
    assert read.rate == RATE and read.pcm.dtype == np.int16
    assert read.seconds == pytest.approx(4.0, abs=0.1)
    assert read.warnings == ()


@pytest.mark.parametrize(("name", "coder"), [("clip.m4a", "aac"), ("clip.webm", "libopus")])
def test_containers_go_through_ffmpeg(tmp_path: Path, name: str, coder: str) -> None:
    source = clip(tmp_path / "in.wav", spoken(rate=48000), 48000)
    out = tmp_path / name
    ffmpeg.run(["-i", ffmpeg.url(source), "-c:a", coder, ffmpeg.url(out)], timeout_s=60)
    read = read_reference(out)
    assert read.rate == 48000
    assert read.seconds == pytest.approx(4.0, abs=0.1)
    whole = out.read_bytes()
    out.write_bytes(whole[:200])
    assert "damaged or not really audio" in refused(out)


def test_16_bit_mono_is_taken_as_it_is(tmp_path: Path) -> None:
    pcm = spoken()
    read = read_reference(clip(tmp_path / "a.wav", pcm))
    assert np.array_equal(read.pcm, pcm)
    assert read.peak == pytest.approx(0.3, abs=0.01)
    assert read.noise_db <= -100 < -40 < read.rms_db < -10


def test_stereo_is_mixed_and_its_rate_kept(tmp_path: Path) -> None:
    left = spoken(rate=44100)
    both = np.stack((left, np.zeros_like(left)), axis=1)
    read = read_reference(clip(tmp_path / "a.wav", both, 44100))
    assert read.rate == 44100
    assert np.abs(read.pcm - left / 2).max() <= 1


def test_floats_beyond_full_scale_and_not_a_number_are_survived(tmp_path: Path) -> None:
    samples = (spoken() / 8000).astype(np.float32)
    samples[100] = np.nan
    read = read_reference(clip(tmp_path / "a.wav", samples, subtype="FLOAT"))
    assert any("overdriven" in warning for warning in read.warnings)
    assert read.pcm[100] == 0


def _text(path: Path) -> Path:
    path.write_text("ffconcat version 1.0\nfile '/etc/hostname'\n")
    return path


def _half(path: Path) -> Path:
    clip(path, spoken())
    path.write_bytes(path.read_bytes()[:40])
    return path


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _ffmpeg_list(path: Path) -> Path:
    """A list of other files behind the first bytes of an M4A: ffmpeg must not follow it."""
    return _bytes(path, b"\0\0\0 ftypM4A #EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: p, "cannot be opened: No such file"),
        (lambda p: p.parent, "this is no file"),
        (_text, "not audio castbook can read"),
        (_ffmpeg_list, "damaged or not really audio"),
        (_half, "."),
        (lambda p: _bytes(p, b""), "not audio castbook can read"),
        (lambda p: _bytes(p, b"ID3" + b"\0" * 5000), "damaged or not really audio"),
        (
            lambda p: _bytes(p, b"OggS" + np.random.default_rng(3).bytes(5000)),
            "damaged or not really audio",
        ),
        (lambda p: _bytes(p, b"fLaC" + b"\xff" * 5000), "damaged or not really audio"),
        (lambda p: _bytes(p, b"RIFF\0\0\0\0WAVE" + b"\0" * (MOST_BYTES + 1)), "larger than 10 MiB"),
        (lambda p: clip(p, spoken(0.9)), "too short: 0.90 s"),
        (lambda p: clip(p, spoken(31.0)), "longer than 30 s"),
        (lambda p: clip(p, silence(4.0)), "silent"),
        (lambda p: clip(p, (spoken() // 300).astype(np.int16)), "silent"),
        (lambda p: clip(p, np.zeros((9000, 6), np.int16)), "6 channels"),
        (lambda p: clip(p, spoken(rate=4000), 4000), "4000 Hz"),
    ],
)
def test_what_cannot_be_a_voice_is_refused_in_one_line(
    tmp_path: Path, make: object, says: str
) -> None:
    path = make(tmp_path / "clip.wav")  # type: ignore[operator]
    assert says in refused(path)


def test_hours_in_half_a_megabyte_are_not_decoded(tmp_path: Path) -> None:
    """Two hours of silence as FLAC: what is decoded is bounded, not only what is read."""
    path = tmp_path / "bomb.wav"
    with soundfile.SoundFile(path, "w", 48000, 1, "PCM_16", format="FLAC") as file:
        minute = np.zeros(60 * 48000, np.int16)
        for _ in range(20):
            file.write(minute)
    assert path.stat().st_size < 1_000_000
    assert "longer than 30 s" in refused(path)


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (spoken(2.0), "only 2.0 s"),
        (spoken(12.0), "12.0 s"),
        (np.clip(spoken(level=0.9).astype(int) * 4, -32768, 32767).astype(np.int16), "overdriven"),
        (
            (spoken() + np.random.default_rng(1).normal(0, 900, 4 * RATE)).astype(np.int16),
            "noisy",
        ),
    ],
)
def test_what_is_weak_is_told(tmp_path: Path, samples: np.ndarray, says: str) -> None:
    read = read_reference(clip(tmp_path / "a.wav", samples))
    assert len(read.warnings) == 1 and says in read.warnings[0]


def test_without_ffmpeg_the_message_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASTBOOK_FFMPEG", str(tmp_path / "none"))
    message = refused(_ffmpeg_list(tmp_path / "a.m4a"))
    assert "needs ffmpeg" in message and "convert it to WAV" in message


def test_sniffing_random_bytes_never_fails() -> None:
    rng = np.random.default_rng(2)
    for length in range(20):
        sniff(rng.bytes(length))
    assert sniff(b"\xff\xfb\x90\x00") == "mp3"
    assert sniff(b"\xff\xf1\x50\x80") is None  # ADTS AAC
